import type { Notice } from './contract/notices.ts';
import { decodeWire } from './contract/wire.ts';

const NOUNS = ['projects', 'datasets', 'models', 'adapters', 'runs'] as const;
const FIRST_WAIT_MS = 500;
const LONGEST_WAIT_MS = 5000;

/** The notices of a program that may be away for a while: what was missed is made good by telling that everything may have changed. */
export class NoticeStream {
  readonly #connect: () => WebSocket;
  readonly #listeners = new Set<(notice: Notice) => void>();
  #socket: WebSocket | undefined;
  #wait = FIRST_WAIT_MS;
  #away = false;

  /** @param connect opens a connection; called again whenever the last one was lost */
  constructor(connect: () => WebSocket) {
    this.#connect = connect;
  }

  /** @returns what ends the listening */
  listen(listener: (notice: Notice) => void): () => void {
    this.#listeners.add(listener);
    if (!this.#socket) this.#open();
    return () => void this.#listeners.delete(listener);
  }

  #open(): void {
    const socket = this.#connect();
    this.#socket = socket;
    socket.addEventListener('open', () => {
      this.#wait = FIRST_WAIT_MS;
      if (this.#away) this.#back();
    });
    socket.addEventListener('message', (event) => this.#tell(decodeWire(String(event.data)) as Notice));
    socket.addEventListener('close', () => {
      setTimeout(() => this.#open(), this.#wait);
      this.#wait = Math.min(this.#wait * 2, LONGEST_WAIT_MS);
      if (this.#away) return;
      this.#away = true;
      this.#tell({ topic: 'engine', up: false, reason: 'Rankwise does not answer. It may have been ended.' });
    });
  }

  #back(): void {
    this.#away = false;
    this.#tell({ topic: 'engine', up: true, reason: '' });
    for (const noun of NOUNS) this.#tell({ topic: 'changed', noun });
  }

  #tell(notice: Notice): void {
    for (const listener of [...this.#listeners]) listener(notice);
  }
}
