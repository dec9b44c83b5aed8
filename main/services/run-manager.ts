import { existsSync } from 'node:fs';
import { RankwiseError, reportOf } from '../../preload/contract/errors.ts';
import type { TrainEvent } from '../../preload/contract/events.ts';
import type { RunSummary } from '../../preload/contract/runs.ts';
import type { RunRecord } from '../store/runs.ts';
import type { Store } from '../store/store.ts';
import type { DataProgress } from './data-stages.ts';
import type { NoticeHub } from './notices.ts';
import type { QueueGate } from './queue-gate.ts';
import type { RecordService } from './records.ts';
import type { LiveState, RunSummaries } from './run-summaries.ts';
import { RunTeller } from './run-teller.ts';
import type { RunControl, RunService } from './runs.ts';
import { Training } from './training.ts';

const WATCH_CLOCK_EVERY_MS = 20_000;

export interface RunManagerParts {
  store: Store;
  runs: RunService;
  records: RecordService;
  summaries: RunSummaries;
  notices: NoticeHub;
  gate: QueueGate;
}

/** The runs of the desktop: one trains at a time, the others wait in order. */
export class RunManager {
  readonly #parts: RunManagerParts;
  readonly #teller: RunTeller;
  /** Those that wait to go on only to keep what they have learned. */
  readonly #toStop = new Set<string>();
  #training: Training | null = null;
  #clock: NodeJS.Timeout | null = null;
  #awake = false;
  #onQueue: () => void = () => undefined;

  constructor(parts: RunManagerParts) {
    this.#parts = parts;
    this.#teller = new RunTeller(parts.store, parts.summaries, parts.notices);
    parts.summaries.watch((id) => this.#liveOf(id));
  }

  /** Id of the run that trains; null where none does. */
  get training(): string | null {
    return this.#training?.id ?? null;
  }

  /** @param listener is told whenever the queue is another one */
  onQueue(listener: () => void): void {
    this.#onQueue = listener;
  }

  /** From now on runs that wait begin when they may. */
  wake(): void {
    this.#awake = true;
    this.#parts.records.interruptOwn(this.training);
    this.#clock ??= setInterval(() => this.look(), WATCH_CLOCK_EVERY_MS).unref();
    this.look();
  }

  /** Pauses what trains and begins nothing more. */
  async close(): Promise<void> {
    this.#awake = false;
    if (this.#clock) clearInterval(this.#clock);
    this.#clock = null;
    const training = this.#training;
    if (!training) return;
    this.#ask(training, 'pause');
    await training.ended;
  }

  /** Looks at clock, hold and disk: begins the next run, or pauses the one that trains. */
  look(): void {
    const { store, gate } = this.#parts;
    if (this.#training) {
      if (gate.mustPause() && this.#training.asked !== 'pause') {
        this.#training.waitsForWindow = true;
        this.#ask(this.#training, 'pause');
      }
      return;
    }
    const next = store.runs.waiting()[0];
    if (!this.#awake || !next || gate.reason(next) !== null) return;
    this.#begin(next);
  }

  /** Puts a run into the queue, at its end or before all others. It begins at once where it may. */
  enqueue(id: string, first: boolean): void {
    const waiting = this.#parts.store.runs.waiting();
    const place = first ? (waiting[0]?.place ?? 0) - 1 : (waiting.at(-1)?.place ?? 0) + 1;
    this.#parts.store.runs.update(id, { state: 'queued', place, error: null, endedAt: null });
    this.look();
    this.#onQueue();
    this.#teller.tell(id);
  }

  /** Throws E_STATE for a run that neither trains nor waits. */
  pause(id: string): void {
    if (this.#training?.id === id) return this.#ask(this.#training, 'pause');
    this.#require(id, ['queued'], 'paused');
    this.#toStop.delete(id);
    this.#parts.store.runs.update(id, { state: 'paused', place: null });
    this.#onQueue();
    this.#teller.tell(id);
  }

  /** Throws E_STATE for a run that trains, waits or has come to its end. */
  resume(id: string): void {
    this.#require(id, ['paused', 'interrupted', 'failed'], 'resumed');
    this.enqueue(id, true);
  }

  /** Throws E_STATE for a run that does not train. */
  checkpoint(id: string): void {
    this.#ask(this.#trainingOf(id), 'checkpoint');
  }

  /**
   * Ends a run with what it has learned. One that does not train goes on from its checkpoint just to save that; one that has not
   * begun is paused. Throws E_STATE for a run that has come to its end or has no checkpoint.
   */
  stop(id: string): void {
    const { state, dataHash, name } = this.#parts.records.find(id);
    if (this.#training?.id === id) return this.#ask(this.#training, dataHash === '' ? 'pause' : 'stop');
    this.#require(id, ['queued', 'paused', 'interrupted', 'failed'], 'stopped');
    if (!this.#hasCheckpoint(id))
      throw new RankwiseError(
        'E_STATE',
        `“${name}” is ${state} and has no checkpoint: there is nothing to keep.`,
        'Resume it, or remove it.',
      );
    this.#toStop.add(id);
    this.enqueue(id, true);
  }

  /** Ends a run, where it trains, and removes its record and its folder. */
  async discard(id: string): Promise<void> {
    const training = this.#training;
    if (training?.id === id) {
      this.#ask(training, 'discard');
      await training.ended;
    }
    this.remove([id], true);
  }

  /** Throws E_BUSY where one of the runs trains or is in use; nothing is removed then. @param files removes their folders too */
  remove(ids: readonly string[], files: boolean): void {
    const { records } = this.#parts;
    for (const id of ids) records.requireRemovable(id, files);
    for (const id of ids) records.delete(id, { files });
    this.#teller.removed();
    this.#onQueue();
  }

  #begin({ id, output, dataHash }: RunRecord): void {
    const { store, runs } = this.#parts;
    const training = new Training(id);
    this.#training = training;
    if (this.#toStop.delete(id)) training.ask('stop');
    store.runs.update(id, { state: 'running', place: null, process: process.pid });
    const observer = {
      signal: training.signal,
      onPreparing: (progress: DataProgress) => {
        training.preparing = progress;
        this.#teller.tellSoon(id);
      },
      onControl: (control: RunControl) => training.reaches(control),
      onEvent: (event: TrainEvent) => {
        training.hears(event, performance.now() / 1000);
        this.#teller.tellSoon(id);
      },
    };
    // What has never begun has been fed nothing yet.
    const work = dataHash === '' ? runs.begin(id, observer) : runs.resume(output, observer);
    training.ended = work.then(
      () => this.#end(training),
      (error: unknown) => this.#end(training, error),
    );
    this.#onQueue();
    this.#teller.tell(id);
  }

  #end({ id, waitsForWindow, isToStopAfterPause }: Training, error?: unknown): void {
    const { store } = this.#parts;
    this.#training = null;
    // What ended before the engine had it.
    if (store.runs.find(id)?.state === 'running') {
      const report = reportOf(error);
      const ended = { process: null, endedAt: Date.now() };
      if (report.code === 'E_CANCELLED') store.runs.update(id, { ...ended, state: 'paused' });
      else store.runs.update(id, { ...ended, state: 'failed', error: report });
    }
    if (store.runs.find(id)?.state === 'paused') {
      if (isToStopAfterPause && this.#awake && this.#hasCheckpoint(id)) this.stop(id);
      else if (waitsForWindow) this.enqueue(id, true);
    }
    this.#teller.ended(id);
    this.look();
    this.#onQueue();
  }

  #ask(training: Training, what: NonNullable<RunSummary['asked']>): void {
    training.ask(what);
    this.#teller.tell(training.id);
  }

  #trainingOf(id: string): Training {
    if (this.#training?.id === id) return this.#training;
    const { name } = this.#parts.records.find(id);
    throw new RankwiseError('E_STATE', `“${name}” is not being trained.`, 'Resume it first.');
  }

  #require(id: string, states: readonly RunRecord['state'][], what: string): void {
    const { name, state } = this.#parts.records.find(id);
    if (!states.includes(state)) throw new RankwiseError('E_STATE', `“${name}” is ${state} and cannot be ${what}.`);
  }

  #hasCheckpoint(id: string): boolean {
    return this.#parts.store.checkpoints.list(id).some(({ path }) => existsSync(path));
  }

  #liveOf(id: string): LiveState | undefined {
    if (this.#toStop.has(id)) return { asked: 'stop', timeLeft: null, preparing: null };
    if (this.#training?.id !== id) return undefined;
    const { config } = this.#parts.store.runs.find(id)!;
    const done = this.#parts.store.metrics.lastStep(id, 'loss') + 1;
    const { asked, preparing } = this.#training;
    return { asked, preparing, timeLeft: this.#training.timeLeft(config.training.steps - done) };
  }
}
