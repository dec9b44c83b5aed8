import type Database from 'better-sqlite3';

/** Statements that are asked for again and again, each prepared once: preparing takes longer than most of them run. */
export class Statements {
  readonly #database: Database.Database;
  readonly #known = new Map<string, Database.Statement>();

  constructor(database: Database.Database) {
    this.#database = database;
  }

  get(sql: string): Database.Statement {
    let statement = this.#known.get(sql);
    if (!statement) this.#known.set(sql, (statement = this.#database.prepare(sql)));
    return statement;
  }
}
