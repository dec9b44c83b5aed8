import type Database from 'better-sqlite3';

export interface CheckpointRecord {
  step: number;
  path: string;
  hash: string;
}

/** Checkpoints as they were written; older ones may have been removed from the disk since. */
export class CheckpointRepository {
  readonly #database: Database.Database;

  constructor(database: Database.Database) {
    this.#database = database;
  }

  add(run: string, checkpoint: CheckpointRecord): void {
    this.#database
      .prepare('INSERT OR REPLACE INTO checkpoints (run, step, path, hash) VALUES (?, ?, ?, ?)')
      .run(run, checkpoint.step, checkpoint.path, checkpoint.hash);
  }

  list(run: string): CheckpointRecord[] {
    return this.#database
      .prepare('SELECT step, path, hash FROM checkpoints WHERE run = ? ORDER BY step')
      .all(run) as CheckpointRecord[];
  }
}
