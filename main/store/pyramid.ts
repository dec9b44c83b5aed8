import type Database from 'better-sqlite3';

/** Steps in a bucket of a level, by those in one of the level below. */
const FANOUT = 8;
/** The buckets of the highest level hold 32,768 steps: few enough of them to be read whole. */
export const LEVELS = 5;

/** Steps in a bucket of a level. */
export const bucketSteps = (level: number): number => FANOUT ** level;

/**
 * Minimum and maximum of series by buckets of 8, 64, 512 … steps. Buckets are computed again from what lies below them whenever
 * something in them changes, so they are right whether steps are added, replaced or dropped.
 */
export class Pyramid {
  readonly #fromMetrics: Database.Statement;
  readonly #fromLevel: Database.Statement;
  readonly #dropBuckets: Database.Statement;

  constructor(database: Database.Database) {
    const insert = `INSERT OR REPLACE INTO metric_levels (series, level, bucket, first, count, minimum, maximum)`;
    const below = `>= @from * ${FANOUT}`;
    const above = `< (@to + 1) * ${FANOUT}`;
    this.#fromMetrics = database.prepare(
      `${insert} SELECT series, 1, step / ${FANOUT}, min(step), count(*), min(value), max(value) FROM metrics
       WHERE series = @series AND step ${below} AND step ${above} GROUP BY step / ${FANOUT}`,
    );
    this.#fromLevel = database.prepare(
      `${insert} SELECT series, level + 1, bucket / ${FANOUT}, min(first), sum(count), min(minimum), max(maximum)
       FROM metric_levels
       WHERE series = @series AND level = @level - 1 AND bucket ${below} AND bucket ${above} GROUP BY bucket / ${FANOUT}`,
    );
    this.#dropBuckets = database.prepare(
      'DELETE FROM metric_levels WHERE series = @series AND level = @level AND bucket >= @bucket',
    );
  }

  /** Takes in steps that were written, all of them in a range. Must run in the transaction that wrote them. */
  take(series: number, first: number, last: number): void {
    let [from, to] = [first, last];
    for (let level = 1; level <= LEVELS; level++) {
      from = Math.floor(from / FANOUT);
      to = Math.floor(to / FANOUT);
      if (level === 1) this.#fromMetrics.run({ series, from, to });
      else this.#fromLevel.run({ series, level, from, to });
    }
  }

  /** Forgets the steps from one on. Must run in the transaction that deleted them. */
  dropFrom(series: number, step: number): void {
    for (let level = 1; level <= LEVELS; level++)
      this.#dropBuckets.run({ series, level, bucket: Math.floor(step / bucketSteps(level)) });
    // What is left of the buckets that the cut goes through.
    this.take(series, step, step);
  }
}
