import type Database from 'better-sqlite3';
import type { MemoryPlan, TrainDone } from '../../preload/contract/events.ts';
import type { ErrorReport } from '../../preload/contract/errors.ts';
import type { Run } from '../../preload/contract/run-file.ts';

export type RunState = 'running' | 'finished' | 'stopped' | 'interrupted' | 'failed';

export interface RunRecord {
  id: string;
  name: string;
  state: RunState;
  method: string;
  config: Run;
  output: string;
  dataHash: string;
  engine: string;
  parent: string | null;
  process: number | null;
  plan: MemoryPlan | null;
  result: Partial<TrainDone> | null;
  error: ErrorReport | null;
  createdAt: number;
  endedAt: number | null;
}

interface Row {
  id: string;
  name: string;
  state: RunState;
  method: string;
  config: string;
  output: string;
  data_hash: string;
  engine: string;
  parent: string | null;
  process: number | null;
  plan: string | null;
  result: string | null;
  error: string | null;
  created_at: number;
  ended_at: number | null;
}

const parse = <T>(text: string | null): T | null => (text === null ? null : (JSON.parse(text) as T));

const recordOf = (row: Row): RunRecord => ({
  id: row.id,
  name: row.name,
  state: row.state,
  method: row.method,
  config: JSON.parse(row.config) as Run,
  output: row.output,
  dataHash: row.data_hash,
  engine: row.engine,
  parent: row.parent,
  process: row.process,
  plan: parse(row.plan),
  result: parse(row.result),
  error: parse(row.error),
  createdAt: row.created_at,
  endedAt: row.ended_at,
});

/** What is known about runs. */
export class RunRepository {
  readonly #database: Database.Database;

  constructor(database: Database.Database) {
    this.#database = database;
  }

  insert(
    run: Pick<
      RunRecord,
      'id' | 'name' | 'method' | 'config' | 'output' | 'dataHash' | 'engine' | 'parent' | 'process' | 'createdAt'
    >,
  ): void {
    this.#database
      .prepare(
        `INSERT INTO runs (id, name, state, method, config, output, data_hash, engine, parent, process, created_at)
         VALUES (?, ?, 'running', ?, ?, ?, ?, ?, ?, ?, ?)`,
      )
      .run(
        run.id,
        run.name,
        run.method,
        JSON.stringify(run.config),
        run.output,
        run.dataHash,
        run.engine,
        run.parent,
        run.process,
        run.createdAt,
      );
  }

  /** A run that is taken up again. */
  restart(id: string, process: number): void {
    this.#database
      .prepare(`UPDATE runs SET state = 'running', process = ?, error = NULL, ended_at = NULL WHERE id = ?`)
      .run(process, id);
  }

  setPlan(id: string, plan: MemoryPlan): void {
    this.#database.prepare('UPDATE runs SET plan = ? WHERE id = ?').run(JSON.stringify(plan), id);
  }

  end(
    id: string,
    state: RunState,
    endedAt: number,
    { result, error }: { result?: Partial<TrainDone>; error?: ErrorReport },
  ): void {
    this.#database
      .prepare(
        'UPDATE runs SET state = ?, process = NULL, ended_at = ?, result = COALESCE(?, result), error = ? WHERE id = ?',
      )
      .run(state, endedAt, result ? JSON.stringify(result) : null, error ? JSON.stringify(error) : null, id);
  }

  /** Newest first. */
  list(): RunRecord[] {
    return (this.#database.prepare('SELECT * FROM runs ORDER BY created_at DESC, id').all() as Row[]).map(recordOf);
  }

  /** The runs whose id begins so. */
  startingWith(prefix: string): RunRecord[] {
    return (
      this.#database
        .prepare('SELECT * FROM runs WHERE substr(id, 1, ?) = ? ORDER BY id')
        .all(prefix.length, prefix) as Row[]
    ).map(recordOf);
  }

  /** The newest run that wrote to a folder. */
  byOutput(output: string): RunRecord | undefined {
    const row = this.#database
      .prepare('SELECT * FROM runs WHERE output = ? ORDER BY created_at DESC LIMIT 1')
      .get(output) as Row | undefined;
    return row && recordOf(row);
  }

  /** Takes metrics, events and checkpoints with it. */
  delete(id: string): void {
    this.#database.prepare('DELETE FROM runs WHERE id = ?').run(id);
  }
}
