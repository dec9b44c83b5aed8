// Entry of a thread that works on data, so that nothing else has to wait for it.
import { parentPort } from 'node:worker_threads';
import { reportOf } from '../../preload/contract/errors.ts';
import { Stages } from './data-stages.ts';
import { dataWork } from './data-work.ts';
import type { FromDataWorker, ToDataWorker } from './data-worker-messages.ts';

let current: AbortController | undefined;
const tell = (message: FromDataWorker): void => parentPort?.postMessage(message);

async function take({ work, input }: Extract<ToDataWorker, { type: 'do' }>): Promise<void> {
  current = new AbortController();
  const stages = new Stages((progress) => tell({ type: 'progress', progress }), current.signal);
  try {
    const doer = dataWork[work] as (given: typeof input, told: Stages) => Promise<unknown>;
    tell({ type: 'done', answer: await doer(input, stages) });
  } catch (error) {
    tell({ type: 'failed', error: reportOf(error) });
  }
}

parentPort?.on('message', (message: ToDataWorker) => {
  if (message.type === 'cancel') current?.abort();
  else if (message.type === 'leave') parentPort?.close();
  else void take(message);
});
