import type { TrainEvent } from '../../preload/contract/events.ts';
import type { RunSummary } from '../../preload/contract/runs.ts';
import type { DataProgress } from './data-stages.ts';
import type { RunControl } from './runs.ts';
import { TimeLeft } from './time-left.ts';

type Asked = NonNullable<RunSummary['asked']>;

/** What ends the run is not taken back by a smaller wish. */
const WEIGHT: Asked[] = ['checkpoint', 'pause', 'stop', 'discard'];

/** The run that trains now: what is asked of it, and how long it will take. */
export class Training {
  readonly id: string;
  /** Paused by the clock: it waits for the window to open again. */
  waitsForWindow = false;
  /** When everything that its end brings about is done. */
  ended: Promise<void> = Promise.resolve();
  /** What its data are going through before it begins. */
  preparing: DataProgress | null = null;
  readonly #timeLeft = new TimeLeft();
  readonly #leaving = new AbortController();
  #asked: Asked | null = null;
  #control: RunControl | null = null;

  constructor(id: string) {
    this.id = id;
  }

  get asked(): Asked | null {
    return this.#asked;
  }

  /** Aborted where the run is to leave its training as it stands. */
  get signal(): AbortSignal {
    return this.#leaving.signal;
  }

  /** It was on its way to a pause when it was asked to stop. */
  get isToStopAfterPause(): boolean {
    return this.#asked === 'stop' && this.signal.aborted;
  }

  /** Before the engine has the run, there is nobody to ask: it is asked then. */
  reaches(control: RunControl): void {
    this.preparing = null;
    this.#control = control;
    this.#passOn();
  }

  ask(what: Asked): void {
    if (this.#asked && WEIGHT.indexOf(what) < WEIGHT.indexOf(this.#asked)) return;
    this.#asked = what;
    this.#passOn();
  }

  /** @param now seconds of a clock that only goes forward */
  hears(event: TrainEvent, now: number): void {
    if (event.type === 'step') this.#timeLeft.step(now);
    if (event.type === 'checkpoint' && this.#asked === 'checkpoint') this.#asked = null;
  }

  /** @param steps that are still to come */
  timeLeft(steps: number): RunSummary['timeLeft'] {
    return this.#timeLeft.estimate(Math.max(0, steps));
  }

  #passOn(): void {
    if (this.#asked === 'pause' || this.#asked === 'discard') this.#leaving.abort();
    else if (this.#asked) this.#control?.ask(this.#asked);
  }
}
