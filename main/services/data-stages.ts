import type { Reading } from '../data/readers/row.ts';

/** How far work on data is. */
export interface DataProgress {
  /** What is being done, ready to be shown; null where the task's own title says it. */
  title: string | null;
  /** In bytes of the source, each counted as often as it is gone through. */
  done: number;
  /** Null while nobody knows. */
  total: number | null;
}

/** The parts of a piece of work, one after the other, each with its own count of bytes. */
export class Stages {
  readonly #tell: (progress: DataProgress) => void;
  readonly #signal: AbortSignal | undefined;

  constructor(tell: (progress: DataProgress) => void = () => undefined, signal?: AbortSignal) {
    this.#tell = tell;
    this.#signal = signal;
  }

  /** What is read with the answer is counted towards the stage. Throws where the work was cancelled. */
  begin(title: string | null, total: number | null): Reading {
    this.#signal?.throwIfAborted();
    let done = 0;
    this.#tell({ title, done, total });
    return { signal: this.#signal, onBytes: (bytes) => this.#tell({ title, done: (done += bytes), total }) };
  }
}
