import { mkdirSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import type Database from 'better-sqlite3';
import { RankwiseError } from '../../preload/contract/errors.ts';

const migrations = path.join(import.meta.dirname, 'migrations');

/**
 * Opens the records, creating or migrating them as needed. Write-ahead log, foreign keys on, five seconds of patience for
 * another process that writes. Throws E_RECORDS for a database of a newer version.
 */
export async function openDatabase(file: string): Promise<Database.Database> {
  // better-sqlite3 13 is built for Node-API 10 and crashes without a word on an older Node.
  if (Number(process.versions.napi) < 10) {
    throw new RankwiseError(
      'E_NODE',
      `The records need Node 22.14 or newer; this is ${process.version}.`,
      'Start through npm run rankwise.',
    );
  }
  const { default: Sqlite } = await import('better-sqlite3');
  if (file !== ':memory:') mkdirSync(path.dirname(file), { recursive: true });
  const database = new Sqlite(file, { timeout: 5000 });
  database.pragma('journal_mode = WAL');
  database.pragma('synchronous = NORMAL');
  database.pragma('foreign_keys = ON');
  migrate(database);
  return database;
}

function migrate(database: Database.Database): void {
  const files = readdirSync(migrations)
    .filter((file) => /^\d{3}-.*\.sql$/.test(file))
    .sort();
  const apply = database.transaction(() => {
    const version = database.pragma('user_version', { simple: true }) as number;
    if (version > files.length) {
      throw new RankwiseError(
        'E_RECORDS',
        `The records are of a newer Rankwise (version ${version}, this one knows ${files.length}).`,
        'Update Rankwise.',
      );
    }
    for (const [index, file] of files.slice(version).entries()) {
      database.exec(readFileSync(path.join(migrations, file), 'utf8'));
      database.pragma(`user_version = ${version + index + 1}`);
    }
  });
  // Two programs may open a fresh database at once: the second one waits and then finds nothing to do.
  apply.immediate();
}
