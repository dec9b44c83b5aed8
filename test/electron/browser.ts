import { spawn, type ChildProcess } from 'node:child_process';
import { EventEmitter } from 'node:events';
import { findChromium } from './find-chromium.ts';

const SWITCHES = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--disable-quic',
  '--disable-extensions',
  '--disable-default-apps',
  '--disable-breakpad',
  '--disable-dev-shm-usage',
  '--disable-background-timer-throttling',
  '--disable-renderer-backgrounding',
  '--disable-backgrounding-occluded-windows',
  '--force-color-profile=srgb',
  '--password-store=basic',
  '--no-first-run',
  '--no-default-browser-check',
  '--no-startup-window',
];

type Answer = {
  id?: number;
  result?: unknown;
  error?: { message: string };
  sessionId?: string;
  method?: string;
  params?: unknown;
};

/** Chromium, driven over its debugging protocol. Events are emitted under their session: (method, params). */
export class Browser {
  readonly events = new EventEmitter().setMaxListeners(0);
  readonly #process: ChildProcess;
  readonly #socket: WebSocket;
  readonly #waiting = new Map<number, { resolve: (value: unknown) => void; reject: (error: Error) => void }>();
  #nextId = 1;

  private constructor(process_: ChildProcess, socket: WebSocket) {
    this.#process = process_;
    this.#socket = socket;
    socket.addEventListener('message', ({ data }) => this.#take(JSON.parse(String(data)) as Answer));
    process.on('exit', () => this.#process.stdin!.destroy());
  }

  /** @param switches of Electron's command line  @param profile folder of the browser's own files */
  static async launch(switches: string[], profile: string): Promise<Browser> {
    const port = switches.find((each) => each.startsWith('--remote-debugging-port='));
    const args = [...SWITCHES, '--headless=new', port ?? '--remote-debugging-port=0', `--user-data-dir=${profile}`];
    // The shell waits for its input to end, which it does whatever ends this process: no browser is left behind.
    const script = '"$@" & browser=$!; read -r _; kill -9 $browser';
    const child = spawn('sh', ['-c', script, 'sh', findChromium(), ...args], {
      stdio: ['pipe', 'ignore', 'pipe'],
    });
    const address = await listening(child);
    // Whoever asked for the port by the command line reads this line.
    if (port) process.stderr.write(`\nDevTools listening on ${address}\n`);
    const socket = new WebSocket(address);
    await new Promise((resolve, reject) => {
      socket.addEventListener('open', resolve);
      socket.addEventListener('error', () => reject(new Error('Chromium does not answer.')));
    });
    return new Browser(child, socket);
  }

  /** A command of the protocol; without a session it goes to the browser itself. */
  send<T = object>(method: string, params: object = {}, sessionId?: string): Promise<T> {
    const id = this.#nextId++;
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, {
        resolve: (value) => resolve(value as T),
        reject: (error) => reject(new Error(`${method}: ${error.message}`)),
      });
      this.#socket.send(JSON.stringify({ id, method, params, sessionId }));
    });
  }

  async close(): Promise<void> {
    const ended = new Promise((resolve) => this.#process.once('exit', resolve));
    this.#process.stdin!.end();
    await ended;
  }

  #take(answer: Answer): void {
    if (answer.id === undefined) {
      this.events.emit(answer.sessionId ?? 'browser', answer.method, answer.params);
      return;
    }
    const waiting = this.#waiting.get(answer.id);
    this.#waiting.delete(answer.id);
    if (answer.error) waiting?.reject(new Error(answer.error.message));
    else waiting?.resolve(answer.result);
  }
}

function listening(child: ChildProcess): Promise<string> {
  return new Promise((resolve, reject) => {
    let said = '';
    child.stderr!.setEncoding('utf8').on('data', (text: string) => {
      said += text;
      const address = /DevTools listening on (ws:\/\/\S+)/.exec(said)?.[1];
      if (address) resolve(address);
    });
    child.once('exit', () => reject(new Error(`Chromium did not start.\n${said}`)));
    child.once('error', reject);
  });
}
