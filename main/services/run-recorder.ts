import { closeSync, openSync, writeSync } from 'node:fs';
import path from 'node:path';
import type { TrainEvent } from '../../preload/contract/events.ts';
import type { MetricKey } from '../../preload/contract/runs.ts';
import type { Store } from '../store/store.ts';
import { metricsOf } from './metric-notices.ts';
import type { NoticeHub } from './notices.ts';

export const EVENTS_FILE = 'events.jsonl';

// Most of what a run tells names a step by its index; these say how many steps were done.
const COUNTED_SERIES: MetricKey[] = ['evalLoss', 'peakBytes'];
const COUNTED_EVENTS = ['sample', 'checkpoint'];

/** Takes in what a run tells: metrics and events into the records, and to whoever listens. */
export class RunRecorder {
  readonly #store: Store;
  readonly #notices: NoticeHub;
  readonly #run: string;
  #tokens = 0;
  #seconds = 0;

  constructor(store: Store, notices: NoticeHub, run: string) {
    this.#store = store;
    this.#notices = notices;
    this.#run = run;
  }

  /** @param at when it was told, in milliseconds since 1970; null where nobody knows */
  take(event: TrainEvent, at: number | null): void {
    switch (event.type) {
      case 'start':
        this.#store.runs.update(this.#run, { plan: event.plan });
        this.#goOnFrom(event.step ?? 0, event.before);
        break;
      case 'step':
        this.#tokens += event.tokens;
        this.#seconds += event.seconds;
        this.#metrics(event.step, {
          loss: event.loss,
          learningRate: event.learningRate,
          gradientNorm: event.gradientNorm,
          tokensPerSecond: event.tokensPerSecond,
          tokens: this.#tokens,
          seconds: this.#seconds,
        });
        break;
      case 'eval':
        this.#metrics(event.step, { evalLoss: event.loss });
        break;
      case 'memory': {
        const { step, peakBytes, byCategory } = event;
        this.#metrics(step, { peakBytes });
        this.#store.runs.update(this.#run, { memory: { step, peakBytes, byCategory } });
        this.#notices.publish({ topic: 'memory', run: this.#run, step, peakBytes, byCategory });
        break;
      }
      case 'checkpoint':
        // Together with the checkpoint: whoever resumes from it finds the metrics up to it.
        this.#store.metrics.flush();
        this.#store.checkpoints.add(this.#run, event);
        this.#happened(event.step, 'checkpoint', event, at);
        break;
      case 'event':
        this.#happened(event.step, event.kind, event, at);
        break;
      case 'sample':
        this.#happened(event.step, 'sample', event, at);
        break;
      case 'warning':
        this.#happened(null, 'warning', event, at);
        break;
      case 'done':
        break;
    }
  }

  /** A change of state in words, at a time that is known. */
  state(state: string, message: string, at: number): void {
    this.#happened(null, 'state', { state, message }, at);
  }

  close(): void {
    this.#store.metrics.flush();
  }

  /** A run that goes on repeats the steps after its checkpoint: their first telling is dropped. */
  #goOnFrom(done: number, before = { tokens: 0, seconds: 0 }): void {
    this.#store.metrics.dropAfter(this.#run, done, COUNTED_SERIES);
    this.#store.events.dropAfter(this.#run, done, COUNTED_EVENTS);
    // Whoever shows the curve shows steps that are no more.
    if (done > 0) this.#notices.publish({ topic: 'changed', noun: 'runs' });
    this.#tokens = this.#store.metrics.last(this.#run, 'tokens') ?? before.tokens;
    this.#seconds = this.#store.metrics.last(this.#run, 'seconds') ?? before.seconds;
  }

  #metrics(step: number, values: Partial<Record<MetricKey, number>>): void {
    for (const [key, value] of Object.entries(values)) this.#store.metrics.add(this.#run, key, step, value);
    this.#notices.publish(metricsOf(this.#run, step, values));
  }

  #happened(step: number | null, kind: string, body: object, at: number | null): void {
    const event = this.#store.events.add(this.#run, step, kind, body, at);
    this.#notices.publish({ topic: 'event', run: this.#run, event });
  }
}

/** events.jsonl of a run's folder: every event as a line. */
export class EventLog {
  readonly #file: number;

  /** @param goesOn appends to what is there */
  constructor(folder: string, goesOn: boolean) {
    this.#file = openSync(path.join(folder, EVENTS_FILE), goesOn ? 'a' : 'w');
  }

  write(event: TrainEvent): void {
    // Straight to the system: what a killed process has told is not lost.
    writeSync(this.#file, `${JSON.stringify(event)}\n`);
  }

  close(): void {
    closeSync(this.#file);
  }
}
