import type { ErrorReport } from './errors.ts';

/** Long work that shows its progress and can be cancelled. Whoever starts it chooses its id, so that its first news finds a listener. */
export interface Task {
  id: string;
  /** What is being done, ready to be shown: “Importing moby.jsonl”. */
  title: string;
  state: 'running' | 'done' | 'failed' | 'cancelled';
  done: number;
  /** In the unit of `done`; null while nobody knows. */
  total: number | null;
  unit: 'bytes' | 'rows' | 'tensors' | 'tokens' | 'files' | 'steps';
  error: ErrorReport | null;
}
