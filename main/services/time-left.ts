/** No time is promised before so many steps have shown how long one takes. */
const STEPS_BEFORE_ESTIMATE = 5;
/** Older steps say little about the next ones: machines warm up, neighbours come and go. */
const STEPS_REMEMBERED = 100;

/** Estimates from the recent steps how long the rest will take, evaluations and checkpoints between them included. */
export class TimeLeft {
  readonly #durations: number[] = [];
  #before: number | undefined;

  /** A step has ended. @param now seconds of a clock that only goes forward */
  step(now: number): void {
    if (this.#before !== undefined) {
      this.#durations.push(now - this.#before);
      if (this.#durations.length > STEPS_REMEMBERED) this.#durations.shift();
    }
    this.#before = now;
  }

  /**
   * Seconds for so many more steps, with two standard errors: the rest varies by itself, and the mean is not known exactly. Null
   * before there are enough steps to tell.
   */
  estimate(steps: number): { seconds: number; plusMinus: number } | null {
    const known = this.#durations.length;
    if (known < STEPS_BEFORE_ESTIMATE) return null;
    const mean = this.#durations.reduce((sum, each) => sum + each, 0) / known;
    const variance = this.#durations.reduce((sum, each) => sum + (each - mean) ** 2, 0) / (known - 1);
    const error = Math.sqrt(variance) * Math.sqrt(steps + steps ** 2 / known);
    return { seconds: mean * steps, plusMinus: 2 * error };
  }
}
