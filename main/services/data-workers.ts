import { RankwiseError } from '../../preload/contract/errors.ts';
import type { DataProgress } from './data-stages.ts';
import { DataThread } from './data-thread.ts';
import type { DataWork } from './data-work.ts';

/** One thread stays for so long with what it has loaded: whoever looks at data looks again. */
const IDLE_MS = 60_000;

export interface DataWorkOptions {
  onProgress?: (progress: DataProgress) => void;
  signal?: AbortSignal;
}

/** The threads that work on data. They are started as they are needed. */
export class DataWorkers {
  readonly #entry: string;
  readonly #all = new Set<DataThread>();
  #idle: DataThread | undefined;
  #rest: NodeJS.Timeout | undefined;

  /** @param entry file of a thread */
  constructor(entry: string) {
    this.#entry = entry;
  }

  /** Rejects with what the work throws, at once with E_CANCELLED where `signal` is aborted, with E_DATA_WORK where the thread died. */
  async do<K extends keyof DataWork>(
    work: K,
    input: DataWork[K]['input'],
    { onProgress = () => undefined, signal }: DataWorkOptions = {},
  ): Promise<DataWork[K]['answer']> {
    if (signal?.aborted) throw new RankwiseError('E_CANCELLED', 'The work on the data was cancelled.');
    const thread = this.#take();
    const stop = (): void => thread.cancel();
    signal?.addEventListener('abort', stop);
    try {
      return await thread.do(work, input, onProgress);
    } finally {
      signal?.removeEventListener('abort', stop);
      if (!signal?.aborted) this.#keep(thread);
    }
  }

  /** Ends the threads, whatever they do. */
  async close(): Promise<void> {
    clearTimeout(this.#rest);
    await Promise.all([...this.#all].map((thread) => thread.end()));
  }

  #take(): DataThread {
    clearTimeout(this.#rest);
    const thread = this.#idle ?? this.#start();
    this.#idle = undefined;
    return thread;
  }

  #start(): DataThread {
    const thread: DataThread = new DataThread(this.#entry, () => {
      this.#all.delete(thread);
      if (this.#idle === thread) this.#idle = undefined;
    });
    this.#all.add(thread);
    return thread;
  }

  #keep(thread: DataThread): void {
    // Gone already where it died.
    if (!this.#all.has(thread)) return;
    thread.rest();
    if (this.#idle) return void thread.end();
    this.#idle = thread;
    this.#rest = setTimeout(() => void thread.end(), IDLE_MS).unref();
  }
}
