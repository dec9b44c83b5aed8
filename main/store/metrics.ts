import type Database from 'better-sqlite3';

export interface Metric {
  key: string;
  step: number;
  value: number;
}

/** Time series of runs. Rows are held back and written in one transaction: a row at a time would cost a disk write each. */
export class MetricRepository {
  readonly #database: Database.Database;
  readonly #pending: (Metric & { run: string })[] = [];
  readonly #batch: number;

  constructor(database: Database.Database, batch = 256) {
    this.#database = database;
    this.#batch = batch;
  }

  /** Written at the latest with the next `flush`. */
  add(run: string, key: string, step: number, value: number): void {
    this.#pending.push({ run, key, step, value });
    if (this.#pending.length >= this.#batch) this.flush();
  }

  flush(): void {
    if (this.#pending.length === 0) return;
    const insert = this.#database.prepare('INSERT OR REPLACE INTO metrics (run, key, step, value) VALUES (?, ?, ?, ?)');
    const rows = this.#pending.splice(0);
    this.#database.transaction(() => {
      // SQLite has no NaN: a diverged loss is NULL.
      for (const row of rows) insert.run(row.run, row.key, row.step, Number.isFinite(row.value) ? row.value : null);
    })();
  }

  /** One series in order of steps. */
  series(run: string, key: string): { step: number; value: number | null }[] {
    this.flush();
    return this.#database
      .prepare('SELECT step, value FROM metrics WHERE run = ? AND key = ? ORDER BY step')
      .all(run, key) as {
      step: number;
      value: number | null;
    }[];
  }

  /** What a run that goes on from a checkpoint will write anew. */
  dropFrom(run: string, step: number): void {
    this.flush();
    this.#database.prepare('DELETE FROM metrics WHERE run = ? AND step >= ?').run(run, step);
  }
}
