import { mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import path from 'node:path';
import type Database from 'better-sqlite3';
import { RankwiseError } from '../../preload/contract/errors.ts';

const BACKUPS_KEPT = 3;

interface Migration {
  version: number;
  file: string;
}

/**
 * Brings a database to the newest version. Before it changes anything a copy is put into `backups` beside it, of which the newest
 * three are kept. Throws E_RECORDS for a database of a newer program.
 * @param folder of the migrations, NNN-name.sql
 */
export function migrate(database: Database.Database, folder: string): void {
  const migrations = migrationsIn(folder);
  const newest = migrations.at(-1)?.version ?? 0;
  const version = versionOf(database);
  if (version === newest) return;
  if (version > newest) {
    throw new RankwiseError(
      'E_RECORDS',
      `The records are of a newer Rankwise (version ${version}, this one knows ${newest}).`,
      'Update Rankwise.',
    );
  }
  if (version > 0 && !database.memory) backUp(database, version);
  // Tables are rebuilt: with foreign keys on, dropping one would take the rows that refer to it along.
  database.pragma('foreign_keys = OFF');
  const apply = database.transaction(() => {
    // Another program may have been quicker.
    for (const migration of migrations.filter((each) => each.version > versionOf(database))) {
      database.exec(readFileSync(path.join(folder, migration.file), 'utf8'));
      database.pragma(`user_version = ${migration.version}`);
    }
    const broken = database.pragma('foreign_key_check') as unknown[];
    if (broken.length > 0) throw new Error(`a migration left ${broken.length} rows that refer to nothing`);
  });
  apply.immediate();
  database.pragma('foreign_keys = ON');
}

function migrationsIn(folder: string): Migration[] {
  return readdirSync(folder)
    .filter((file) => /^\d{3}-.*\.sql$/.test(file))
    .sort()
    .map((file) => ({ version: Number(file.slice(0, 3)), file }));
}

function versionOf(database: Database.Database): number {
  return database.pragma('user_version', { simple: true }) as number;
}

function backUp(database: Database.Database, version: number): void {
  const folder = path.join(path.dirname(database.name), 'backups');
  mkdirSync(folder, { recursive: true });
  const name = path.basename(database.name, '.db');
  const time = new Date().toISOString().replace(/[:.]/g, '-');
  database.prepare('VACUUM INTO ?').run(path.join(folder, `${name}-${time}-version-${version}.db`));
  const kept = readdirSync(folder).filter((file) => file.startsWith(`${name}-`) && file.endsWith('.db'));
  for (const file of kept.sort().slice(0, -BACKUPS_KEPT)) rmSync(path.join(folder, file));
}
