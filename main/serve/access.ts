import { randomBytes } from 'node:crypto';
import type { IncomingMessage } from 'node:http';

const newSecret = (): string => randomBytes(32).toString('base64url');

/**
 * Who may use the served screens: a browser on this machine that was given an address with a token. The token is taken once, in
 * exchange for a cookie that lives as long as the program.
 */
export class Access {
  readonly #tokens = new Set<string>();
  readonly #sessions = new Set<string>();
  readonly #hosts: readonly string[];
  readonly #cookie: string;

  /** @param port that is listened on: cookies know no ports, so the cookie's name tells */
  constructor(port: number) {
    this.#hosts = [`127.0.0.1:${port}`, `localhost:${port}`];
    this.#cookie = `rankwise-${port}`;
  }

  mintToken(): string {
    const token = newSecret();
    this.#tokens.add(token);
    return token;
  }

  /** The cookie for a token that has not been used; undefined for any other. */
  exchange(token: string): string | undefined {
    if (!this.#tokens.delete(token)) return undefined;
    const session = newSecret();
    this.#sessions.add(session);
    return `${this.#cookie}=${session}; HttpOnly; SameSite=Strict; Path=/`;
  }

  /** Whether the request names this machine, so that a name that was bent to point here gets nothing. */
  isHost(request: IncomingMessage): boolean {
    return this.#hosts.includes(request.headers.host ?? '');
  }

  /** Whether the request comes from our own page; what a browser sends without an origin is one that changes nothing. */
  isOwnOrigin(request: IncomingMessage): boolean {
    const { origin, host } = request.headers;
    return origin === undefined
      ? request.method === 'GET' && request.headers.upgrade === undefined
      : origin === `http://${host}`;
  }

  hasSession(request: IncomingMessage): boolean {
    const cookies = (request.headers.cookie ?? '').split(';').map((each) => each.trim().split('='));
    return cookies.some(([name, value]) => name === this.#cookie && this.#sessions.has(value ?? ''));
  }
}
