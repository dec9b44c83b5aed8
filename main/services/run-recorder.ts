import { closeSync, openSync, writeSync } from 'node:fs';
import path from 'node:path';
import type { TrainEvent } from '../../preload/contract/events.ts';
import type { Store } from '../store/store.ts';

/** Writes down what a run tells: every event as a line of events.jsonl, metrics and events in the records. */
export class RunRecorder {
  readonly #store: Store;
  readonly #run: string;
  readonly #file: number;
  // A run that goes on repeats the steps after its checkpoint: their first telling is dropped when the second begins.
  #repeats: boolean;

  constructor(store: Store, run: string, output: string, resumed: boolean) {
    this.#store = store;
    this.#run = run;
    this.#repeats = resumed;
    this.#file = openSync(path.join(output, 'events.jsonl'), resumed ? 'a' : 'w');
  }

  take(event: TrainEvent): void {
    // Straight to the system: what a killed process has told is not lost.
    writeSync(this.#file, `${JSON.stringify(event)}\n`);
    if (this.#repeats && 'step' in event && event.type !== 'start') {
      this.#repeats = false;
      this.#store.metrics.dropFrom(this.#run, event.step);
      this.#store.events.dropFrom(this.#run, event.step);
    }
    const metric = (key: string, step: number, value: number): void =>
      this.#store.metrics.add(this.#run, key, step, value);
    switch (event.type) {
      case 'start':
        this.#store.runs.setPlan(this.#run, event.plan);
        break;
      case 'step':
        metric('loss', event.step, event.loss);
        metric('learningRate', event.step, event.learningRate);
        metric('gradientNorm', event.step, event.gradientNorm);
        metric('tokensPerSecond', event.step, event.tokensPerSecond);
        break;
      case 'eval':
        metric('evalLoss', event.step, event.loss);
        break;
      case 'memory':
        metric('peakBytes', event.step, event.peakBytes);
        break;
      case 'checkpoint':
        // Together with the checkpoint: whoever resumes from it finds the metrics up to it.
        this.#store.metrics.flush();
        this.#store.checkpoints.add(this.#run, event);
        break;
      case 'event':
        this.#store.events.add(this.#run, event.step, event.kind, event);
        break;
      case 'sample':
        this.#store.events.add(this.#run, event.step, 'sample', event);
        break;
      case 'warning':
        this.#store.events.add(this.#run, null, 'warning', event);
        break;
      case 'done':
        break;
    }
  }

  close(): void {
    this.#store.metrics.flush();
    closeSync(this.#file);
  }
}
