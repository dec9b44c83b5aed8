import type Database from 'better-sqlite3';
import type { Column, DataFormat, DataProblem, Mapping } from '../../preload/contract/datasets.ts';

/** Problems of a dataset: how many, and the first hundred. */
export interface ProblemList {
  count: number;
  first: DataProblem[];
}

/** What was found in the files at one time. */
export interface DatasetVersion {
  version: number;
  hash: string;
  format: DataFormat;
  rows: number;
  bytes: number;
  columns: Column[];
  guess: Mapping;
  /** Rows that could not be read. */
  unreadable: ProblemList;
  importedAt: number;
}

export interface DatasetRecord {
  id: string;
  name: string;
  path: string;
  stamp: string;
  mapping: Mapping;
  template: string;
  trainOn: 'completions' | 'all';
  /** Rows that were read and are nothing under the mapping. */
  unusable: ProblemList;
  addedAt: number;
  /** The newest. */
  version: DatasetVersion;
}

interface Row {
  id: string;
  name: string;
  path: string;
  stamp: string;
  mapping: string;
  template: string;
  train_on: DatasetRecord['trainOn'];
  unusable: string;
  added_at: number;
}

interface VersionRow {
  version: number;
  hash: string;
  format: DataFormat;
  rows: number;
  bytes: number;
  columns: string;
  guess: string;
  unreadable: string;
  imported_at: number;
}

const versionOf = ({ imported_at: importedAt, ...row }: VersionRow): DatasetVersion => ({
  version: row.version,
  hash: row.hash,
  format: row.format,
  rows: row.rows,
  bytes: row.bytes,
  columns: JSON.parse(row.columns) as Column[],
  guess: JSON.parse(row.guess) as Mapping,
  unreadable: JSON.parse(row.unreadable) as ProblemList,
  importedAt,
});

/** The datasets of the library and their versions. */
export class DatasetRepository {
  readonly #database: Database.Database;

  constructor(database: Database.Database) {
    this.#database = database;
  }

  /** Puts a dataset in, or in the place of the one of that id, its newest version included. */
  put(dataset: DatasetRecord): void {
    const { version } = dataset;
    this.#database.transaction(() => {
      this.#database
        .prepare(
          `INSERT INTO datasets (id, name, path, stamp, mapping, template, train_on, unusable, added_at)
           VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
           ON CONFLICT (id) DO UPDATE SET name = excluded.name, path = excluded.path, stamp = excluded.stamp,
             mapping = excluded.mapping, template = excluded.template, train_on = excluded.train_on, unusable = excluded.unusable`,
        )
        .run(
          dataset.id,
          dataset.name,
          dataset.path,
          dataset.stamp,
          JSON.stringify(dataset.mapping),
          dataset.template,
          dataset.trainOn,
          JSON.stringify(dataset.unusable),
          dataset.addedAt,
        );
      this.#database
        .prepare(
          `INSERT OR REPLACE INTO dataset_versions (dataset, version, hash, format, rows, bytes, columns, guess, unreadable, imported_at)
           VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
        )
        .run(
          dataset.id,
          version.version,
          version.hash,
          version.format,
          version.rows,
          version.bytes,
          JSON.stringify(version.columns),
          JSON.stringify(version.guess),
          JSON.stringify(version.unreadable),
          version.importedAt,
        );
    })();
  }

  /** Newest first. */
  list(): DatasetRecord[] {
    const rows = this.#database.prepare('SELECT * FROM datasets ORDER BY added_at DESC, id').all() as Row[];
    return rows.map((row) => this.#recordOf(row));
  }

  get(id: string): DatasetRecord | undefined {
    const row = this.#database.prepare('SELECT * FROM datasets WHERE id = ?').get(id) as Row | undefined;
    return row && this.#recordOf(row);
  }

  atPath(path: string): DatasetRecord | undefined {
    const row = this.#database.prepare('SELECT * FROM datasets WHERE path = ?').get(path) as Row | undefined;
    return row && this.#recordOf(row);
  }

  /** Newest first. */
  versions(id: string): DatasetVersion[] {
    const rows = this.#database
      .prepare('SELECT * FROM dataset_versions WHERE dataset = ? ORDER BY version DESC')
      .all(id) as VersionRow[];
    return rows.map(versionOf);
  }

  remove(id: string): void {
    this.#database.prepare('DELETE FROM datasets WHERE id = ?').run(id);
  }

  /** How many runs were trained on or evaluated with what lies at a path. */
  runsByPath(): Map<string, number> {
    const rows = this.#database
      .prepare(
        `SELECT path, count(*) AS runs FROM (
           SELECT id, json_extract(config, '$.data.train') AS path FROM runs
           UNION SELECT id, json_extract(config, '$.data.eval') FROM runs WHERE json_type(config, '$.data.eval') = 'text'
         ) GROUP BY path`,
      )
      .all() as { path: string; runs: number }[];
    return new Map(rows.map(({ path, runs }) => [path, runs]));
  }

  #recordOf({ train_on: trainOn, added_at: addedAt, ...row }: Row): DatasetRecord {
    const newest = this.#database
      .prepare('SELECT * FROM dataset_versions WHERE dataset = ? ORDER BY version DESC LIMIT 1')
      .get(row.id) as VersionRow;
    return {
      ...row,
      mapping: JSON.parse(row.mapping) as Mapping,
      unusable: JSON.parse(row.unusable) as ProblemList,
      trainOn,
      addedAt,
      version: versionOf(newest),
    };
  }
}
