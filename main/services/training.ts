import type { TrainEvent } from '../../preload/contract/events.ts';
import type { RunSummary } from '../../preload/contract/runs.ts';
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
  readonly #timeLeft = new TimeLeft();
  #asked: Asked | null = null;
  #control: RunControl | null = null;

  constructor(id: string) {
    this.id = id;
  }

  get asked(): Asked | null {
    return this.#asked;
  }

  /** Before the engine has the run, there is nobody to ask: it is asked then. */
  reaches(control: RunControl): void {
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
    if (this.#asked === 'pause' || this.#asked === 'discard') this.#control?.pause();
    else if (this.#asked) this.#control?.ask(this.#asked);
  }
}
