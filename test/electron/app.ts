import { EventEmitter } from 'node:events';
import { mkdirSync, readFileSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import path from 'node:path';
import { Browser } from './browser.ts';
import { claimInstance } from './single-instance.ts';

const appPath = process.env.STANDIN_APP_PATH ?? process.cwd();
const switches = JSON.parse(process.env.STANDIN_SWITCHES ?? '[]') as string[];
const started = Promise.withResolvers<Browser>();

/** Chromium, once the app is ready. */
export const browser: Promise<Browser> = started.promise;

/** What `app.quit` closes, unless one of them prevents it. */
export const closers = new Set<() => boolean>();

class App extends EventEmitter {
  readonly isPackaged = path.extname(appPath) === '.asar';
  readonly #ready = Promise.withResolvers<void>();
  readonly #paths = new Map<string, string>();
  #isReady = false;

  constructor() {
    super();
    this.once('standin-start', () => void this.#start());
    for (const signal of ['SIGINT', 'SIGTERM'] as const) {
      process.on(signal, () => process.listenerCount(signal) === 1 && this.quit());
    }
  }

  get name(): string {
    return this.getName();
  }

  getName(): string {
    return this.#package().productName ?? this.#package().name ?? 'Electron';
  }

  getVersion(): string {
    return this.#package().version ?? '0.0.0';
  }

  getAppPath(): string {
    return appPath;
  }

  getPath(name: string): string {
    const defaults: Record<string, string> = {
      home: homedir(),
      temp: tmpdir(),
      userData: path.join(homedir(), '.config', this.getName()),
    };
    const found = this.#paths.get(name) ?? defaults[name];
    if (found === undefined) throw new Error(`Failed to get '${name}' path`);
    return found;
  }

  setPath(name: string, place: string): void {
    this.#paths.set(name, place);
  }

  whenReady(): Promise<void> {
    return this.#ready.promise;
  }

  isReady(): boolean {
    return this.#isReady;
  }

  // Every page runs without the system's sandbox here: Chromium has none as root.
  enableSandbox(): void {}

  requestSingleInstanceLock(): boolean {
    return claimInstance(this.getPath('userData'), () => this.emit('second-instance', {}, process.argv, process.cwd()));
  }

  quit(): void {
    if (this.#prevented('before-quit')) return;
    for (const close of closers) if (!close()) return;
    if (this.#prevented('will-quit')) return;
    this.exit(0);
  }

  exit(status = 0): void {
    this.emit('quit', {}, status);
    // Nothing of the app is heard of any more; Chromium goes with this process.
    if (!this.#isReady) process.exit(status);
    void browser.then((each) => each.close()).finally(() => process.exit(status));
  }

  #prevented(event: string): boolean {
    let prevented = false;
    this.emit(event, { preventDefault: () => (prevented = true) });
    return prevented;
  }

  async #start(): Promise<void> {
    try {
      const profile = path.join(this.getPath('userData'), 'standin');
      mkdirSync(profile, { recursive: true });
      started.resolve(await Browser.launch(switches, profile));
      this.#isReady = true;
      this.emit('ready', {}, {});
      this.#ready.resolve();
    } catch (error) {
      console.error(error);
      process.exit(1);
    }
  }

  #package(): { name?: string; productName?: string; version?: string } {
    try {
      return JSON.parse(readFileSync(path.join(appPath, 'package.json'), 'utf8')) as object;
    } catch {
      return {};
    }
  }
}

export const app = new App();
