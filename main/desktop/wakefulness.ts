import { powerSaveBlocker } from 'electron';

/** Keeps the machine from sleeping while a run trains, where the settings want that; the screen may go dark. */
export class Wakefulness {
  #training = false;
  #wanted: boolean;
  #blocker: number | undefined;

  constructor(wanted: boolean) {
    this.#wanted = wanted;
  }

  setTraining(training: boolean): void {
    this.#training = training;
    this.#apply();
  }

  setWanted(wanted: boolean): void {
    this.#wanted = wanted;
    this.#apply();
  }

  #apply(): void {
    if (this.#training && this.#wanted) {
      this.#blocker ??= powerSaveBlocker.start('prevent-app-suspension');
    } else if (this.#blocker !== undefined) {
      powerSaveBlocker.stop(this.#blocker);
      this.#blocker = undefined;
    }
  }
}
