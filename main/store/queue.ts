import type Database from 'better-sqlite3';
import type { QueueRules } from '../../preload/contract/queue.ts';

interface Row {
  held: number;
  window_from: number | null;
  window_to: number | null;
  pause_outside: number;
}

/** When queued runs may begin. Which runs wait, and in what order, stands with the runs. */
export class QueueRepository {
  readonly #database: Database.Database;

  constructor(database: Database.Database) {
    this.#database = database;
  }

  get(): { held: boolean; rules: QueueRules } {
    const row = this.#database.prepare('SELECT * FROM queue').get() as Row;
    const window =
      row.window_from === null || row.window_to === null ? null : { from: row.window_from, to: row.window_to };
    return { held: row.held === 1, rules: { window, pauseOutside: row.pause_outside === 1 } };
  }

  hold(held: boolean): void {
    this.#database.prepare('UPDATE queue SET held = ?').run(held ? 1 : 0);
  }

  setRules({ window, pauseOutside }: QueueRules): void {
    this.#database
      .prepare('UPDATE queue SET window_from = ?, window_to = ?, pause_outside = ?')
      .run(window?.from ?? null, window?.to ?? null, pauseOutside ? 1 : 0);
  }
}
