import type Database from 'better-sqlite3';
import type { AdapterSummary } from '../../preload/contract/adapters.ts';
import { unlistedRuns, type UnlistedRun } from './unlisted-runs.ts';

/** What an adapter's files say of it. */
export type AdapterFacts = Pick<AdapterSummary, 'type' | 'rank' | 'alpha' | 'targets' | 'bytes' | 'parameters'>;

/** How it came to be, as far as it was written down. */
export type AdapterLineage = Pick<AdapterSummary, 'method' | 'data' | 'evalLoss' | 'parents'>;

export interface AdapterRecord {
  id: string;
  name: string;
  origin: 'run' | 'imported';
  path: string;
  run: string | null;
  /** Of the files from which `facts` were taken. */
  stamp: string;
  facts: AdapterFacts;
  lineage: AdapterLineage;
  basePath: string | null;
  baseName: string;
  baseHash: string | null;
  addedAt: number;
}

interface Row {
  id: string;
  name: string;
  origin: 'run' | 'imported';
  path: string;
  run: string | null;
  stamp: string;
  facts: string;
  lineage: string;
  base_path: string | null;
  base_name: string;
  base_hash: string | null;
  added_at: number;
}

const recordOf = (row: Row): AdapterRecord => ({
  id: row.id,
  name: row.name,
  origin: row.origin,
  path: row.path,
  run: row.run,
  stamp: row.stamp,
  facts: JSON.parse(row.facts) as AdapterFacts,
  lineage: JSON.parse(row.lineage) as AdapterLineage,
  basePath: row.base_path,
  baseName: row.base_name,
  baseHash: row.base_hash,
  addedAt: row.added_at,
});

/** The adapters of the library. */
export class AdapterRepository {
  readonly #database: Database.Database;

  constructor(database: Database.Database) {
    this.#database = database;
  }

  /** Puts an adapter in, or in the place of the one of that id. */
  put(adapter: AdapterRecord): void {
    this.#database
      .prepare(
        `INSERT INTO adapters
           (id, name, origin, path, run, stamp, facts, lineage, base_path, base_name, base_hash, added_at)
         VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
         ON CONFLICT (id) DO UPDATE SET name = excluded.name, origin = excluded.origin, path = excluded.path, run = excluded.run,
           stamp = excluded.stamp, facts = excluded.facts, lineage = excluded.lineage, base_path = excluded.base_path,
           base_name = excluded.base_name, base_hash = excluded.base_hash, added_at = excluded.added_at`,
      )
      .run(
        adapter.id,
        adapter.name,
        adapter.origin,
        adapter.path,
        adapter.run,
        adapter.stamp,
        JSON.stringify(adapter.facts),
        JSON.stringify(adapter.lineage),
        adapter.basePath,
        adapter.baseName,
        adapter.baseHash,
        adapter.addedAt,
      );
  }

  /** Newest first. */
  list(): AdapterRecord[] {
    return (this.#database.prepare('SELECT * FROM adapters ORDER BY added_at DESC, id').all() as Row[]).map(recordOf);
  }

  get(id: string): AdapterRecord | undefined {
    const row = this.#database.prepare('SELECT * FROM adapters WHERE id = ?').get(id) as Row | undefined;
    return row && recordOf(row);
  }

  atPath(path: string): AdapterRecord | undefined {
    const row = this.#database.prepare('SELECT * FROM adapters WHERE path = ?').get(path) as Row | undefined;
    return row && recordOf(row);
  }

  remove(id: string): void {
    this.#database.prepare('DELETE FROM adapters WHERE id = ?').run(id);
  }

  unlistedRuns(): UnlistedRun[] {
    return unlistedRuns(this.#database, 'adapters');
  }
}
