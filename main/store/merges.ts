import type Database from 'better-sqlite3';
import type { BakeReceipt, BakeRecipe } from '../../preload/contract/models.ts';

export interface MergeRecord {
  model: string;
  recipe: BakeRecipe;
  receipt: BakeReceipt;
  madeAt: number;
}

/** What was folded into what, and how far the result is from it. */
export class MergeRepository {
  readonly #database: Database.Database;

  constructor(database: Database.Database) {
    this.#database = database;
  }

  put(merge: MergeRecord): void {
    this.#database
      .prepare('INSERT OR REPLACE INTO merges (model, recipe, receipt, made_at) VALUES (?, ?, ?, ?)')
      .run(merge.model, JSON.stringify(merge.recipe), JSON.stringify(merge.receipt), merge.madeAt);
  }

  of(model: string): MergeRecord | undefined {
    const row = this.#database.prepare('SELECT recipe, receipt, made_at FROM merges WHERE model = ?').get(model) as
      { recipe: string; receipt: string; made_at: number } | undefined;
    return (
      row && {
        model,
        recipe: JSON.parse(row.recipe) as BakeRecipe,
        receipt: JSON.parse(row.receipt) as BakeReceipt,
        madeAt: row.made_at,
      }
    );
  }
}
