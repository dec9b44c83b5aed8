import { Worker } from 'node:worker_threads';
import { RankwiseError } from '../../preload/contract/errors.ts';
import type { DataProgress } from './data-stages.ts';
import type { DataWork } from './data-work.ts';
import type { FromDataWorker, ToDataWorker } from './data-worker-messages.ts';

/** A thread that has been asked to stop or to leave gets so long to clear away what it has half written. */
const PATIENCE_MS = 2000;

interface Pending {
  onProgress: (progress: DataProgress) => void;
  resolve: (answer: unknown) => void;
  reject: (error: RankwiseError) => void;
}

/** A thread that works on data, one thing at a time. */
export class DataThread {
  readonly #worker: Worker;
  readonly #gone: Promise<void>;
  #busy = false;
  #pending: Pending | undefined;
  /** What the thread may still do before it is ended. */
  #patience: NodeJS.Timeout | undefined;

  /** @param entry file of the thread  @param onEnd told when the thread is gone, for whatever reason */
  constructor(entry: string, onEnd: () => void) {
    // None of this program's own options: they may be meant for a test runner.
    this.#worker = new Worker(entry, { execArgv: [] });
    this.#worker.on('message', (message: FromDataWorker) => this.#take(message));
    this.#worker.on('error', (error: Error) => this.#died(error.message));
    this.#gone = new Promise((resolve) => {
      this.#worker.on('exit', (status) => {
        clearTimeout(this.#patience);
        this.#died(`status ${status}`);
        onEnd();
        resolve();
      });
    });
  }

  do<K extends keyof DataWork>(
    work: K,
    input: DataWork[K]['input'],
    onProgress: (progress: DataProgress) => void,
  ): Promise<DataWork[K]['answer']> {
    this.#worker.ref();
    this.#busy = true;
    return new Promise<DataWork[K]['answer']>((resolve, reject) => {
      this.#pending = { onProgress, resolve: resolve as (answer: unknown) => void, reject };
      this.#worker.postMessage({ type: 'do', work, input });
    });
  }

  /** The program may end although this thread is there. */
  rest(): void {
    this.#worker.unref();
  }

  /** What it does rejects at once with E_CANCELLED; the thread ends as soon as it has cleared away, or is ended. */
  cancel(): void {
    this.#settle()?.reject(new RankwiseError('E_CANCELLED', 'The work on the data was cancelled.'));
    this.#patience = setTimeout(() => void this.end(), PATIENCE_MS);
    this.#worker.postMessage({ type: 'cancel' } satisfies ToDataWorker);
  }

  /** A thread that rests leaves by itself, which is gentler on what it has loaded; one that works is ended. */
  async end(): Promise<void> {
    const stop = (): void => void this.#worker.terminate();
    if (this.#busy) stop();
    else this.#worker.postMessage({ type: 'leave' } satisfies ToDataWorker);
    this.#worker.ref();
    const late = setTimeout(stop, PATIENCE_MS);
    await this.#gone;
    clearTimeout(late);
  }

  #take(message: FromDataWorker): void {
    if (message.type === 'progress') return this.#pending?.onProgress(message.progress);
    this.#busy = false;
    if (this.#patience) return void this.end();
    const pending = this.#settle();
    if (message.type === 'done') return pending?.resolve(message.answer);
    const { code, message: sentence, hint } = message.error;
    pending?.reject(new RankwiseError(code, sentence, hint));
  }

  #died(why: string): void {
    const sentence = `The work on the data ended unexpectedly: ${why}.`;
    this.#settle()?.reject(new RankwiseError('E_DATA_WORK', sentence, 'Try it again; close other programs first.'));
  }

  #settle(): Pending | undefined {
    const pending = this.#pending;
    this.#pending = undefined;
    return pending;
  }
}
