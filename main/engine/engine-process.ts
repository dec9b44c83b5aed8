// Entry of the engine's process: the engine answers what main asks, by messages. A crash in native code ends this process alone.
import { reportOf } from '../../preload/contract/errors.ts';
import type { FromEngine, ToEngine } from './engine-process-messages.ts';
import type { Job, RunningJob } from './host.ts';
import { InProcessHost } from './inprocess.ts';

const engine = new InProcessHost(process.argv[2] ?? '');
const jobs = new Map<number, RunningJob<Job>>();

/** Electron's utility process has a parent port, Node's forked one a channel. */
const tell: (message: FromEngine) => void = process.parentPort
  ? (message) => process.parentPort.postMessage(message)
  : (message) => void process.send?.(message);

function take(message: ToEngine): void {
  switch (message.type) {
    case 'info':
      return answer(message.id, engine.info());
    case 'registry':
      return answer(message.id, engine.registry());
    case 'start': {
      const { id, job } = message;
      try {
        const running = engine.start(job, (event) => tell({ type: 'event', id, event }));
        jobs.set(id, running);
        return answer(
          id,
          running.result.finally(() => jobs.delete(id)),
        );
      } catch (error) {
        return tell({ type: 'failed', id, error: reportOf(error) });
      }
    }
    case 'cancel':
      return jobs.get(message.id)?.cancel();
    case 'ask':
      return jobs.get(message.id)?.ask(message.what);
    case 'exit':
      process.exit(0);
  }
}

function answer(id: number, work: Promise<unknown>): void {
  work.then(
    (value) => tell({ type: 'done', id, value }),
    (error: unknown) => tell({ type: 'failed', id, error: reportOf(error) }),
  );
}

if (process.parentPort) {
  process.parentPort.on('message', (event) => take(event.data as ToEngine));
} else {
  process.on('message', take);
  process.on('disconnect', () => process.exit(0));
  // A terminal's Ctrl-C reaches every process of the group: main pauses the run and then ends this one.
  process.on('SIGINT', () => undefined).on('SIGTERM', () => undefined);
}
