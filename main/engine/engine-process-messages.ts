import type { EngineEvent } from '../../preload/contract/events.ts';
import type { ErrorReport } from '../../preload/contract/errors.ts';
import type { Job, JobRequest } from './host.ts';

/** What main says to the engine's process. `id` names a question or a job until it is answered. */
export type ToEngine =
  | { type: 'info'; id: number }
  | { type: 'registry'; id: number }
  | { type: 'start'; id: number; job: Job }
  | { type: 'cancel'; id: number }
  | { type: 'ask'; id: number; what: JobRequest }
  | { type: 'exit' };

/** What the engine's process says to main. */
export type FromEngine =
  | { type: 'event'; id: number; event: EngineEvent }
  | { type: 'done'; id: number; value: unknown }
  | { type: 'failed'; id: number; error: ErrorReport };
