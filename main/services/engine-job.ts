import type { EngineHost, Job, JobResults } from '../engine/host.ts';
import type { Progress } from './tasks.ts';

/** Does a job of the engine as a part of a task: its progress is the task's, and aborting ends it. Rejects at once where that has happened. */
export async function doJob<J extends Job>(
  engine: EngineHost,
  job: J,
  progress: Progress,
  signal: AbortSignal,
): Promise<JobResults[J['kind']]> {
  signal.throwIfAborted();
  const running = engine.start(job, (event) => {
    if (event.type === 'progress') progress(event.done, event.total);
  });
  const stop = (): void => running.cancel();
  signal.addEventListener('abort', stop);
  return running.result.finally(() => signal.removeEventListener('abort', stop));
}
