import type Database from 'better-sqlite3';

/** Steps in a bucket of a level, by those in one of the level below. */
export const FANOUT = 8;
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
    this.#fromMetrics = database.prepare(
      `${insert} SELECT series, 1, @bucket, min(step), count(*), min(value), max(value) FROM metrics
       WHERE series = @series AND step >= @bucket * ${FANOUT} AND step < (@bucket + 1) * ${FANOUT} GROUP BY series`,
    );
    this.#fromLevel = database.prepare(
      `${insert} SELECT series, @level, @bucket, min(first), sum(count), min(minimum), max(maximum) FROM metric_levels
       WHERE series = @series AND level = @level - 1 AND bucket >= @bucket * ${FANOUT} AND bucket < (@bucket + 1) * ${FANOUT}
       GROUP BY series`,
    );
    this.#dropBuckets = database.prepare(
      'DELETE FROM metric_levels WHERE series = @series AND level = @level AND bucket >= @bucket',
    );
  }

  /** Takes in steps that were written. Must run in the transaction that wrote them. @param steps in any order */
  take(series: number, steps: Iterable<number>): void {
    let buckets = new Set<number>();
    for (const step of steps) buckets.add(Math.floor(step / FANOUT));
    for (let level = 1; level <= LEVELS; level++) {
      const above = new Set<number>();
      for (const bucket of buckets) {
        if (level === 1) this.#fromMetrics.run({ series, bucket });
        else this.#fromLevel.run({ series, level, bucket });
        above.add(Math.floor(bucket / FANOUT));
      }
      buckets = above;
    }
  }

  /** Forgets the steps from one on. Must run in the transaction that deleted them. */
  dropFrom(series: number, step: number): void {
    for (let level = 1; level <= LEVELS; level++)
      this.#dropBuckets.run({ series, level, bucket: Math.floor(step / bucketSteps(level)) });
    // What is left of the buckets that the cut goes through.
    this.take(series, [step]);
  }
}
