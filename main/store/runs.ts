import type Database from 'better-sqlite3';
import { recordOf, rowOf, type RunRecord, type RunRow, type RunState } from './run-record.ts';

export type { RunRecord, RunState };

/** What must be said of a new run; the rest begins empty. */
export type NewRun = Pick<RunRecord, 'id' | 'project' | 'name' | 'state' | 'config' | 'output' | 'createdAt'> &
  Partial<RunRecord>;

const BLANK = {
  place: null,
  dataHash: '',
  engine: '',
  parent: null,
  parentStep: null,
  reproduces: null,
  process: null,
  plan: null,
  memory: null,
  result: null,
  error: null,
  pinned: false,
  tags: [],
  note: '',
  endedAt: null,
};

/** What is known about runs. */
export class RunRepository {
  readonly #database: Database.Database;

  constructor(database: Database.Database) {
    this.#database = database;
  }

  insert(run: NewRun): void {
    const row = rowOf({ ...BLANK, method: run.config.method.name, ...run });
    const columns = Object.keys(row);
    this.#database
      .prepare(`INSERT INTO runs (${columns.join(', ')}) VALUES (${columns.map((each) => `@${each}`).join(', ')})`)
      .run(row);
  }

  /** Writes down what has changed of a run. */
  update(id: string, changes: Partial<Omit<RunRecord, 'id'>>): void {
    const record = this.find(id);
    if (!record) return;
    const before = rowOf(record);
    const after = rowOf({ ...record, ...changes });
    const columns = (Object.keys(after) as (keyof RunRow)[]).filter((each) => after[each] !== before[each]);
    if (columns.length === 0) return;
    this.#database
      .prepare(`UPDATE runs SET ${columns.map((each) => `${each} = @${each}`).join(', ')} WHERE id = @id`)
      .run(after);
  }

  find(id: string): RunRecord | undefined {
    const row = this.#database.prepare('SELECT * FROM runs WHERE id = ?').get(id) as RunRow | undefined;
    return row && recordOf(row);
  }

  /** Newest first. @param project only the runs of one; null for all */
  list(project: string | null = null): RunRecord[] {
    return this.#all('WHERE ? IS NULL OR project = ? ORDER BY created_at DESC, id', project, project);
  }

  /** The runs that wait, first to go first. */
  waiting(): RunRecord[] {
    return this.#all(`WHERE state = 'queued' ORDER BY place, created_at, id`);
  }

  inState(state: RunState): RunRecord[] {
    return this.#all('WHERE state = ? ORDER BY created_at, id', state);
  }

  /** The runs whose id begins so. */
  startingWith(prefix: string): RunRecord[] {
    return this.#all('WHERE substr(id, 1, ?) = ? ORDER BY id', prefix.length, prefix);
  }

  /** The newest run that wrote to a folder. */
  byOutput(output: string): RunRecord | undefined {
    return this.#all('WHERE output = ? ORDER BY created_at DESC LIMIT 1', output)[0];
  }

  /** Runs that were forked from a run or began with its model. */
  childrenOf(id: string): RunRecord[] {
    return this.#all('WHERE parent = ? ORDER BY created_at, id', id);
  }

  /** Takes metrics, events and checkpoints with it. */
  delete(id: string): void {
    this.#database.prepare('DELETE FROM runs WHERE id = ?').run(id);
  }

  #all(where: string, ...values: unknown[]): RunRecord[] {
    return (this.#database.prepare(`SELECT * FROM runs ${where}`).all(...values) as RunRow[]).map(recordOf);
  }
}
