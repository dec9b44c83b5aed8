import { app, powerMonitor, type BrowserWindow } from 'electron';
import type { Door } from '../api/door.ts';

/**
 * How the program ends. While a run trains, closing the window asks (or does what the settings say): stay, go on in the background
 * with the window hidden, or pause the run and end. The system's own wish to end pauses without asking.
 */
export class Leaving {
  readonly #window: BrowserWindow;
  readonly #opening: Promise<Door>;
  #leaving: Promise<void> | undefined;

  constructor(window: BrowserWindow, opening: Promise<Door>) {
    this.#window = window;
    this.#opening = opening;
    window.on('close', (event) => this.#wish(event));
    app.on('before-quit', (event) => this.#wish(event));
    app.on('window-all-closed', () => void this.leave());
    // The types know no event here; the system waits for whoever prevents it.
    powerMonitor.on('shutdown', (event?: { preventDefault(): void }) => {
      event?.preventDefault();
      void this.leave();
    });
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => void this.leave());
  }

  /** What the user answered when asked. */
  async answer(choice: 'stay' | 'background' | 'pause'): Promise<void> {
    if (choice === 'background') this.#window.hide();
    // Not awaited: the answer must reach the page before the page is gone.
    if (choice === 'pause') setImmediate(() => void this.leave());
  }

  /** Pauses what trains, closes everything, ends. */
  leave(): Promise<void> {
    return (this.#leaving ??= this.#end());
  }

  async #end(): Promise<void> {
    if (!this.#window.isDestroyed()) this.#window.hide();
    try {
      await (await this.#opening).close();
      app.exit(0);
    } catch (error) {
      console.error(error);
      app.exit(1);
    }
  }

  #wish(event: { preventDefault(): void }): void {
    event.preventDefault();
    if (!this.#leaving) void this.#ask();
  }

  async #ask(): Promise<void> {
    const { api, notices } = await this.#opening;
    const { running } = await api.queue.get();
    if (running === null) return this.leave();
    const { onClose } = await api.system.settings();
    // A hidden or crashed page cannot be asked, and the one who quits from outside has decided.
    if (onClose !== 'ask') return this.answer(onClose);
    if (!this.#window.isVisible() || this.#window.webContents.isCrashed()) return this.leave();
    const { name } = await api.runs.get({ id: running });
    notices.publish({ topic: 'closing', run: running, name });
  }
}
