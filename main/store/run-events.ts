import type Database from 'better-sqlite3';
import type { RunEventRecord } from '../../preload/contract/runs.ts';

interface Row {
  id: number;
  step: number | null;
  kind: string;
  at: number | null;
  body: string;
}

/** Merges, refreshes, samples, warnings, changes of state: what happened in a run besides its metrics. */
export class RunEventRepository {
  readonly #database: Database.Database;

  constructor(database: Database.Database) {
    this.#database = database;
  }

  /** @param at when it was told, in milliseconds since 1970; null where nobody knows */
  add(run: string, step: number | null, kind: string, body: object, at: number | null = null): RunEventRecord {
    const { lastInsertRowid } = this.#database
      .prepare('INSERT INTO run_events (run, step, kind, body, at) VALUES (?, ?, ?, ?, ?)')
      .run(run, step, kind, JSON.stringify(body), at);
    return { id: Number(lastInsertRowid), step, kind, at, body: body as RunEventRecord['body'] };
  }

  /** In the order of happening. @param kinds only these; null for all */
  list(run: string, kinds: readonly string[] | null = null): RunEventRecord[] {
    const rows = this.#database
      .prepare(
        `SELECT id, step, kind, at, body FROM run_events
         WHERE run = ? AND (? IS NULL OR kind IN (SELECT value FROM json_each(?))) ORDER BY id`,
      )
      .all(run, kinds && 1, JSON.stringify(kinds ?? [])) as Row[];
    return rows.map((row) => ({ ...row, body: JSON.parse(row.body) as RunEventRecord['body'] }));
  }

  /**
   * What a run that goes on from a checkpoint will tell anew.
   * @param done steps done at the checkpoint  @param counted kinds whose step says how many were done, not which one it was
   */
  dropAfter(run: string, done: number, counted: readonly string[]): void {
    this.#database
      .prepare(
        `DELETE FROM run_events
         WHERE run = ? AND step >= CASE WHEN kind IN (SELECT value FROM json_each(?)) THEN ? ELSE ? END`,
      )
      .run(run, JSON.stringify(counted), done + 1, done);
  }
}
