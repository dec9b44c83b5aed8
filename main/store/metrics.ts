import type Database from 'better-sqlite3';
import { bucketSteps, LEVELS, Pyramid } from './pyramid.ts';
import { Statements } from './statements.ts';

export interface Metric {
  key: string;
  step: number;
  value: number;
}

/** Buckets of a series in order of steps. NaN where a bucket holds nothing that is a number. */
export interface Buckets {
  /** The first step of each bucket. */
  steps: Float64Array;
  minimum: Float64Array;
  maximum: Float64Array;
  /** Steps of the whole series. */
  count: number;
}

type BucketRow = [first: number, minimum: number | null, maximum: number | null];

/** Time series of runs. Rows are held back and written in one transaction: a row at a time would cost a disk write each. */
export class MetricRepository {
  readonly #database: Database.Database;
  readonly #pyramid: Pyramid;
  readonly #pending: (Metric & { run: string })[] = [];
  readonly #statements: Statements;
  readonly #batch: number;

  /** @param batch rows that are written together at the latest */
  constructor(database: Database.Database, batch = 1024) {
    this.#database = database;
    this.#pyramid = new Pyramid(database);
    this.#statements = new Statements(database);
    this.#batch = batch;
  }

  /** Written at the latest with the next `flush`. */
  add(run: string, key: string, step: number, value: number): void {
    this.#pending.push({ run, key, step, value });
    if (this.#pending.length >= this.#batch) this.flush();
  }

  flush(): void {
    if (this.#pending.length === 0) return;
    const insert = this.#statements.get('INSERT OR REPLACE INTO metrics (series, step, value) VALUES (?, ?, ?)');
    const rows = this.#pending.splice(0);
    this.#database.transaction(() => {
      const touched = new Map<string, { series: number; first: number; last: number }>();
      for (const { run, key, step, value } of rows) {
        const name = `${run} ${key}`;
        let range = touched.get(name);
        if (!range) touched.set(name, (range = { series: this.#seriesOf(run, key), first: step, last: step }));
        // SQLite has no NaN: a diverged loss is NULL.
        insert.run(range.series, step, Number.isFinite(value) ? value : null);
        range.first = Math.min(range.first, step);
        range.last = Math.max(range.last, step);
      }
      for (const { series, first, last } of touched.values()) this.#pyramid.take(series, first, last);
    })();
  }

  /** One series whole, in order of steps. */
  series(run: string, key: string): { step: number; value: number | null }[] {
    this.flush();
    return this.#statements
      .get(
        `SELECT step, value FROM metrics
         WHERE series = (SELECT id FROM series WHERE run = ? AND key = ?) ORDER BY step`,
      )
      .all(run, key) as { step: number; value: number | null }[];
  }

  /**
   * A piece of a series in at most `points` buckets, widened to whole buckets at its ends. Where there are no more steps than
   * `points`, each is its own bucket.
   * @param from first step, null = the series' first  @param to last step, null = its last
   */
  buckets(run: string, key: string, from: number | null, to: number | null, points: number): Buckets {
    this.flush();
    const series = this.#findSeries(run, key);
    const whole = series === undefined ? undefined : this.#extent(series);
    if (series === undefined || !whole) return bucketsOf([], 0);
    const first = Math.max(from ?? whole.first, whole.first);
    const last = Math.min(to ?? whole.last, whole.last);
    // Whether a piece has few steps is not known before they are read; of the whole series it is.
    const isWhole = first === whole.first && last === whole.last;
    const rows = isWhole && whole.count > points ? null : this.#steps(series, first, last, points);
    return bucketsOf(rows ?? this.#thinned(series, first, last, points), whole.count);
  }

  /** Of every series of the runs asked for: its last step and value, its least value. */
  figures(
    runs: readonly string[],
  ): { run: string; key: string; step: number; last: number | null; least: number | null }[] {
    this.flush();
    return this.#statements
      .get(
        `SELECT series.run, series.key, metrics.step, metrics.value AS last,
                (SELECT min(minimum) FROM metric_levels WHERE series = series.id AND level = ${LEVELS}) AS least
           FROM series
           JOIN metrics ON metrics.series = series.id
            AND metrics.step = (SELECT max(step) FROM metrics WHERE series = series.id)
          WHERE series.run IN (SELECT value FROM json_each(?))`,
      )
      .all(JSON.stringify(runs)) as ReturnType<MetricRepository['figures']>;
  }

  /**
   * What a run that goes on from a checkpoint will write anew.
   * @param done steps done at the checkpoint  @param counted series whose step says how many were done, not which one it was
   */
  dropAfter(run: string, done: number, counted: readonly string[]): void {
    this.flush();
    this.#database.transaction(() => {
      const all = this.#statements.get('SELECT id, key FROM series WHERE run = ?').all(run) as {
        id: number;
        key: string;
      }[];
      for (const { id, key } of all) {
        const step = counted.includes(key) ? done + 1 : done;
        this.#statements.get('DELETE FROM metrics WHERE series = ? AND step >= ?').run(id, step);
        this.#pyramid.dropFrom(id, step);
      }
    })();
  }

  /** The last value of a series, before a step where one is given; null where there is none, or where it is no number. */
  last(run: string, key: string, before = Number.MAX_SAFE_INTEGER): number | null {
    this.flush();
    const row = this.#statements
      .get(
        `SELECT value FROM metrics
         WHERE series = (SELECT id FROM series WHERE run = ? AND key = ?) AND step < ? ORDER BY step DESC LIMIT 1`,
      )
      .get(run, key, before) as { value: number | null } | undefined;
    return row?.value ?? null;
  }

  /** −1 where there is none. */
  lastStep(run: string, key: string): number {
    this.flush();
    const row = this.#statements
      .get('SELECT max(step) AS step FROM metrics WHERE series = (SELECT id FROM series WHERE run = ? AND key = ?)')
      .get(run, key) as { step: number | null };
    return row.step ?? -1;
  }

  /** Every step of a range; null where there are more than `points`. */
  #steps(series: number, first: number, last: number, points: number): BucketRow[] | null {
    const rows = this.#statements
      .get('SELECT step, value, value FROM metrics WHERE series = ? AND step BETWEEN ? AND ? ORDER BY step LIMIT ?')
      .raw()
      .all(series, first, last, points + 1) as BucketRow[];
    return rows.length <= points ? rows : null;
  }

  #thinned(series: number, first: number, last: number, points: number): BucketRow[] {
    // One bucket more may be cut by the ends of the range, which do not lie between buckets.
    const ideal = Math.ceil((last - first + 1) / Math.max(1, points - 1));
    const level = Math.min(LEVELS, Math.floor(Math.log(ideal) / Math.log(bucketSteps(1)) + 1e-9));
    const size = bucketSteps(level);
    const width = Math.ceil(ideal / size);
    const values =
      level === 0
        ? 'SELECT step AS bucket, step AS first, value AS minimum, value AS maximum FROM metrics WHERE series = @series'
        : 'SELECT bucket, first, minimum, maximum FROM metric_levels WHERE series = @series AND level = @level';
    const column = level === 0 ? 'step' : 'bucket';
    const begin = Math.floor(first / size / width) * width;
    const end = (Math.floor(last / size / width) + 1) * width;
    return this.#statements
      .get(
        `SELECT min(first), min(minimum), max(maximum)
           FROM (${values} AND ${column} >= @begin AND ${column} < @end) GROUP BY bucket / CAST(@width AS INTEGER) ORDER BY 1`,
      )
      .raw()
      .all({ series, level, begin, end, width }) as BucketRow[];
  }

  #extent(series: number): { first: number; last: number; count: number } | undefined {
    const row = this.#statements
      .get(
        `SELECT (SELECT min(step) FROM metrics WHERE series = @series) AS first,
                (SELECT max(step) FROM metrics WHERE series = @series) AS last,
                (SELECT sum(count) FROM metric_levels WHERE series = @series AND level = ${LEVELS}) AS count`,
      )
      .get({ series }) as { first: number | null; last: number; count: number };
    return row.first === null ? undefined : { ...row, first: row.first };
  }

  #findSeries(run: string, key: string): number | undefined {
    const row = this.#statements.get('SELECT id FROM series WHERE run = ? AND key = ?').get(run, key) as
      { id: number } | undefined;
    return row?.id;
  }

  #seriesOf(run: string, key: string): number {
    return (
      this.#findSeries(run, key) ??
      Number(this.#statements.get('INSERT INTO series (run, key) VALUES (?, ?)').run(run, key).lastInsertRowid)
    );
  }
}

function bucketsOf(rows: BucketRow[], count: number): Buckets {
  const column = (index: 0 | 1 | 2): Float64Array => Float64Array.from(rows, (row) => row[index] ?? NaN);
  return { steps: column(0), minimum: column(1), maximum: column(2), count };
}
