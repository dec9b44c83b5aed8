import type Database from 'better-sqlite3';

/** Merges, refreshes, samples, warnings: what happened in a run besides its metrics. */
export class RunEventRepository {
  readonly #database: Database.Database;

  constructor(database: Database.Database) {
    this.#database = database;
  }

  add(run: string, step: number | null, kind: string, body: object): void {
    this.#database
      .prepare('INSERT INTO run_events (run, step, kind, body) VALUES (?, ?, ?, ?)')
      .run(run, step, kind, JSON.stringify(body));
  }

  list(run: string): { step: number | null; kind: string; body: Record<string, unknown> }[] {
    const rows = this.#database
      .prepare('SELECT step, kind, body FROM run_events WHERE run = ? ORDER BY id')
      .all(run) as {
      step: number | null;
      kind: string;
      body: string;
    }[];
    return rows.map((row) => ({ ...row, body: JSON.parse(row.body) as Record<string, unknown> }));
  }

  dropFrom(run: string, step: number): void {
    this.#database.prepare('DELETE FROM run_events WHERE run = ? AND step >= ?').run(run, step);
  }
}
