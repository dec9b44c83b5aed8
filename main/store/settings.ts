import type Database from 'better-sqlite3';

/** What the user has set: a JSON value a key. */
export class SettingRepository {
  readonly #database: Database.Database;

  constructor(database: Database.Database) {
    this.#database = database;
  }

  all(): Record<string, unknown> {
    const rows = this.#database.prepare('SELECT key, value FROM settings').all() as { key: string; value: string }[];
    return Object.fromEntries(rows.map(({ key, value }) => [key, JSON.parse(value) as unknown]));
  }

  set(values: Record<string, unknown>): void {
    const insert = this.#database.prepare('INSERT OR REPLACE INTO settings (key, value) VALUES (?, ?)');
    this.#database.transaction(() => {
      for (const [key, value] of Object.entries(values)) insert.run(key, JSON.stringify(value));
    })();
  }
}
