const LONGEST_MILLISECONDS = 12;

/** Lets others have the thread in the midst of a long loop: `if (breath.due) await breath.take()`. */
export class Breath {
  #last = performance.now();

  get due(): boolean {
    return performance.now() - this.#last > LONGEST_MILLISECONDS;
  }

  async take(): Promise<void> {
    await new Promise((resolve) => setImmediate(resolve));
    this.#last = performance.now();
  }
}
