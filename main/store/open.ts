import { existsSync, mkdirSync } from 'node:fs';
import path from 'node:path';
import type Database from 'better-sqlite3';
import { RankwiseError } from '../../preload/contract/errors.ts';
import { endedUncleanly, isDamage, isSound, markOpen, setAside } from './health.ts';
import { migrate } from './migrate.ts';

export interface OpenedDatabase {
  database: Database.Database;
  /** Where a damaged database was put; null where there was none. The records are then empty. */
  damaged: string | null;
  /** There was no database (any more): what is known stands in the files alone. */
  fresh: boolean;
  close: () => void;
}

type Prepared = Pick<OpenedDatabase, 'database' | 'close'>;

const MIGRATIONS = path.join(import.meta.dirname, 'migrations');

/**
 * Opens the records, creating or migrating them as needed. Write-ahead log, foreign keys on, five seconds of patience for
 * another process that writes. After an unclean end the database is checked; a damaged one is set aside and a new one begun.
 * Throws E_RECORDS for a database of a newer version.
 * @param migrations their folder
 */
export async function openDatabase(file: string, migrations = MIGRATIONS): Promise<OpenedDatabase> {
  // better-sqlite3 13 is built for Node-API 10 and crashes without a word on an older Node.
  if (Number(process.versions.napi) < 10) {
    throw new RankwiseError(
      'E_NODE',
      `The records need Node 22.14 or newer; this is ${process.version}.`,
      'Start through npm run rankwise.',
    );
  }
  const { default: Sqlite } = await import('better-sqlite3');
  if (file === ':memory:') return { ...prepared(new Sqlite(file), migrations), damaged: null, fresh: false };
  mkdirSync(path.dirname(file), { recursive: true });
  const fresh = !existsSync(file);
  const doubtful = endedUncleanly(file);
  let opened: Prepared | undefined;
  try {
    const database = new Sqlite(file, { timeout: 5000 });
    if (doubtful && !isSound(database)) database.close();
    else opened = prepared(database, migrations);
  } catch (error) {
    if (!isDamage(error)) throw error;
  }
  const damaged = opened ? null : setAside(file);
  const { database } = opened ?? prepared(new Sqlite(file, { timeout: 5000 }), migrations);
  const unmark = markOpen(file);
  return {
    database,
    damaged,
    fresh: fresh || damaged !== null,
    close() {
      database.close();
      unmark();
    },
  };
}

function prepared(database: Database.Database, migrations: string): Prepared {
  try {
    database.pragma('journal_mode = WAL');
    database.pragma('synchronous = NORMAL');
    database.pragma('foreign_keys = ON');
    migrate(database, migrations);
  } catch (error) {
    database.close();
    throw error;
  }
  return { database, close: () => database.close() };
}
