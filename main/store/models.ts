import type Database from 'better-sqlite3';
import type { ModelSummary } from '../../preload/contract/models.ts';
import { unlistedRuns, type UnlistedRun } from './unlisted-runs.ts';

/** What a model's files say of it. */
export type ModelFacts = Pick<
  ModelSummary,
  | 'architecture'
  | 'parameters'
  | 'dtype'
  | 'bytes'
  | 'vocabSize'
  | 'layers'
  | 'hiddenSize'
  | 'contextLength'
  | 'tokenizer'
  | 'chatTemplate'
  | 'licence'
> & { heads: number; keyValueHeads: number; intermediateSize: number };

export interface ModelRecord {
  id: string;
  name: string;
  origin: 'folder' | 'run' | 'baked' | 'hub';
  path: string;
  run: string | null;
  /** Of the files from which `facts` and `hash` were taken. */
  stamp: string;
  facts: ModelFacts;
  hash: string | null;
  addedAt: number;
}

interface Row extends Omit<ModelRecord, 'facts' | 'addedAt'> {
  facts: string;
  added_at: number;
}

const recordOf = ({ facts, added_at: addedAt, ...row }: Row): ModelRecord => ({
  ...row,
  facts: JSON.parse(facts) as ModelFacts,
  addedAt,
});

/** The models of the library. */
export class ModelRepository {
  readonly #database: Database.Database;

  constructor(database: Database.Database) {
    this.#database = database;
  }

  /** Puts a model in, or in the place of the one of that id. */
  put(model: ModelRecord): void {
    this.#database
      .prepare(
        `INSERT INTO models (id, name, origin, path, run, stamp, facts, hash, added_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
         ON CONFLICT (id) DO UPDATE SET name = excluded.name, origin = excluded.origin, path = excluded.path, run = excluded.run,
           stamp = excluded.stamp, facts = excluded.facts, hash = excluded.hash, added_at = excluded.added_at`,
      )
      .run(
        model.id,
        model.name,
        model.origin,
        model.path,
        model.run,
        model.stamp,
        JSON.stringify(model.facts),
        model.hash,
        model.addedAt,
      );
  }

  /** In the order of their names. */
  list(): ModelRecord[] {
    return (this.#database.prepare('SELECT * FROM models ORDER BY name COLLATE NOCASE, id').all() as Row[]).map(
      recordOf,
    );
  }

  get(id: string): ModelRecord | undefined {
    const row = this.#database.prepare('SELECT * FROM models WHERE id = ?').get(id) as Row | undefined;
    return row && recordOf(row);
  }

  atPath(path: string): ModelRecord | undefined {
    const row = this.#database.prepare('SELECT * FROM models WHERE path = ?').get(path) as Row | undefined;
    return row && recordOf(row);
  }

  remove(id: string): void {
    this.#database.prepare('DELETE FROM models WHERE id = ?').run(id);
  }

  unlistedRuns(): UnlistedRun[] {
    return unlistedRuns(this.#database, 'models');
  }
}
