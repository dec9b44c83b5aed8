import type { ErrorReport } from '../../preload/contract/errors.ts';
import type { MemoryPlan, TrainDone } from '../../preload/contract/events.ts';
import type { Run } from '../../preload/contract/run-file.ts';
import type { RunDetails, RunState } from '../../preload/contract/runs.ts';

export type { RunState };

export interface RunRecord {
  id: string;
  project: string;
  name: string;
  state: RunState;
  /** In the queue, lowest first; null for what does not wait. */
  place: number | null;
  method: string;
  config: Run;
  output: string;
  /** "" until the run has begun. */
  dataHash: string;
  engine: string;
  parent: string | null;
  /** Checkpoint that it was forked from; null where it began with the parent's model. */
  parentStep: number | null;
  reproduces: string | null;
  process: number | null;
  plan: MemoryPlan | null;
  memory: RunDetails['memory'];
  result: Partial<TrainDone> | null;
  error: ErrorReport | null;
  pinned: boolean;
  tags: string[];
  note: string;
  createdAt: number;
  endedAt: number | null;
}

/** A row as SQLite gives it. */
export interface RunRow {
  id: string;
  project: string;
  name: string;
  state: RunState;
  place: number | null;
  method: string;
  config: string;
  output: string;
  data_hash: string;
  engine: string;
  parent: string | null;
  parent_step: number | null;
  reproduces: string | null;
  process: number | null;
  plan: string | null;
  memory: string | null;
  result: string | null;
  error: string | null;
  pinned: number;
  tags: string;
  note: string;
  created_at: number;
  ended_at: number | null;
}

const parse = <T>(text: string | null): T | null => (text === null ? null : (JSON.parse(text) as T));
const text = (value: unknown): string | null => (value === null ? null : JSON.stringify(value));

export const recordOf = (row: RunRow): RunRecord => ({
  id: row.id,
  project: row.project,
  name: row.name,
  state: row.state,
  place: row.place,
  method: row.method,
  config: JSON.parse(row.config) as Run,
  output: row.output,
  dataHash: row.data_hash,
  engine: row.engine,
  parent: row.parent,
  parentStep: row.parent_step,
  reproduces: row.reproduces,
  process: row.process,
  plan: parse(row.plan),
  memory: parse(row.memory),
  result: parse(row.result),
  error: parse(row.error),
  pinned: row.pinned === 1,
  tags: JSON.parse(row.tags) as string[],
  note: row.note,
  createdAt: row.created_at,
  endedAt: row.ended_at,
});

export const rowOf = (record: RunRecord): RunRow => ({
  id: record.id,
  project: record.project,
  name: record.name,
  state: record.state,
  place: record.place,
  method: record.method,
  config: JSON.stringify(record.config),
  output: record.output,
  data_hash: record.dataHash,
  engine: record.engine,
  parent: record.parent,
  parent_step: record.parentStep,
  reproduces: record.reproduces,
  process: record.process,
  plan: text(record.plan),
  memory: text(record.memory),
  result: text(record.result),
  error: text(record.error),
  pinned: record.pinned ? 1 : 0,
  tags: JSON.stringify(record.tags),
  note: record.note,
  created_at: record.createdAt,
  ended_at: record.endedAt,
});
