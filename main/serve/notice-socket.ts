import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { WebSocketServer, type WebSocket } from 'ws';
import { encodeWire } from '../../preload/contract/wire.ts';
import type { NoticeHub } from '../services/notices.ts';

/** A page that has not read so much is asleep: it is let go, and asks for everything anew when it wakes. */
const MOST_UNREAD_BYTES = 32 * 1024 * 1024;
const PING_EVERY_MS = 30_000;

/** Tells every open page what the services tell. */
export class NoticeSocket {
  readonly #server = new WebSocketServer({ noServer: true, maxPayload: 1024 });
  readonly #unsubscribe: () => void;
  readonly #ping: NodeJS.Timeout;

  constructor(notices: NoticeHub) {
    this.#unsubscribe = notices.subscribe((notice) => {
      if (this.#server.clients.size === 0) return;
      const text = encodeWire(notice);
      for (const page of this.#server.clients) send(page, text);
    });
    this.#ping = setInterval(() => {
      for (const page of this.#server.clients) page.ping();
    }, PING_EVERY_MS).unref();
  }

  /** Takes over a connection that was found to be allowed. */
  accept(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    this.#server.handleUpgrade(request, socket, head, (page) => {
      page.on('error', () => page.terminate());
    });
  }

  close(): void {
    this.#unsubscribe();
    clearInterval(this.#ping);
    for (const page of this.#server.clients) page.close(1001);
    this.#server.close();
  }
}

function send(page: WebSocket, text: string): void {
  if (page.readyState !== page.OPEN) return;
  if (page.bufferedAmount > MOST_UNREAD_BYTES) page.terminate();
  else page.send(text);
}
