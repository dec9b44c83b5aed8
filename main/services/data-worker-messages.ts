import type { ErrorReport } from '../../preload/contract/errors.ts';
import type { DataProgress } from './data-stages.ts';
import type { DataWork } from './data-work.ts';

/** What main says to a thread that works on data. It does one thing at a time. */
export type ToDataWorker =
  | { [K in keyof DataWork]: { type: 'do'; work: K; input: DataWork[K]['input'] } }[keyof DataWork]
  | { type: 'cancel' }
  /** There is no more to do: the thread ends by itself. */
  | { type: 'leave' };

/** What the thread says to main. */
export type FromDataWorker =
  | { type: 'progress'; progress: DataProgress }
  | { type: 'done'; answer: unknown }
  | { type: 'failed'; error: ErrorReport };
