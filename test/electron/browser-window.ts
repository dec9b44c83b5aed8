import { EventEmitter } from 'node:events';
import { app, closers } from './app.ts';
import { WebContents } from './web-contents.ts';

interface Options {
  x?: number;
  y?: number;
  width?: number;
  height?: number;
  show?: boolean;
  webPreferences?: { preload?: string };
}

const all: BrowserWindow[] = [];

/** A window is a page here: it has a size, and what is said about its visibility is remembered. */
export class BrowserWindow extends EventEmitter {
  readonly webContents: WebContents;
  #bounds: { x: number; y: number; width: number; height: number };
  #isVisible: boolean;
  #isMaximized = false;
  #isMinimized = false;
  #isDestroyed = false;

  static getAllWindows(): BrowserWindow[] {
    return [...all];
  }

  static fromWebContents(contents: WebContents): BrowserWindow | null {
    return all.find((window) => window.webContents === contents) ?? null;
  }

  constructor({ x = 0, y = 0, width = 800, height = 600, show = true, webPreferences }: Options = {}) {
    super();
    this.#bounds = { x, y, width, height };
    this.#isVisible = show;
    this.webContents = new WebContents({ width, height }, webPreferences?.preload ?? '', () => this.#gone());
    this.webContents.once('did-finish-load', () => this.emit('ready-to-show'));
    all.push(this);
    closers.add(this.#tryClose);
  }

  async loadURL(address: string): Promise<void> {
    await this.webContents.loadURL(address);
  }

  show(): void {
    this.#isVisible = true;
    this.emit('show');
  }

  hide(): void {
    this.#isVisible = false;
    this.emit('hide');
  }

  focus(): void {
    this.emit('focus');
  }

  maximize(): void {
    this.#isMaximized = true;
  }

  minimize(): void {
    this.#isMinimized = true;
  }

  restore(): void {
    this.#isMinimized = false;
  }

  isVisible(): boolean {
    return this.#isVisible;
  }

  /** The one window that can be seen has the focus. */
  isFocused(): boolean {
    return this.#isVisible && !this.#isMinimized;
  }

  isMaximized(): boolean {
    return this.#isMaximized;
  }

  isMinimized(): boolean {
    return this.#isMinimized;
  }

  isDestroyed(): boolean {
    return this.#isDestroyed;
  }

  getNormalBounds(): { x: number; y: number; width: number; height: number } {
    return { ...this.#bounds };
  }

  setBounds(bounds: Partial<{ x: number; y: number; width: number; height: number }>): void {
    Object.assign(this.#bounds, bounds);
  }

  close(): void {
    this.#tryClose();
  }

  destroy(): void {
    if (!this.#isDestroyed) this.webContents.close();
  }

  // True where nothing prevented it.
  readonly #tryClose = (): boolean => {
    let prevented = false;
    this.emit('close', { preventDefault: () => (prevented = true) });
    if (!prevented) this.destroy();
    return !prevented;
  };

  #gone(): void {
    if (this.#isDestroyed) return;
    this.#isDestroyed = true;
    closers.delete(this.#tryClose);
    all.splice(all.indexOf(this), 1);
    this.emit('closed');
    if (all.length > 0) return;
    if (app.listenerCount('window-all-closed') > 0) app.emit('window-all-closed');
    else app.quit();
  }
}
