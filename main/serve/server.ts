import { readFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Api } from '../../preload/contract/api.ts';
import { RankwiseError, reportOf } from '../../preload/contract/errors.ts';
import type { PickedFile } from '../../preload/contract/files.ts';
import { dispatch } from '../api/dispatch.ts';
import { readScreenFile } from '../api/screen-files.ts';
import type { NoticeHub } from '../services/notices.ts';
import { Access } from './access.ts';
import { answer, answerResult, answerText, readInput } from './answers.ts';
import { NoticeSocket } from './notice-socket.ts';
import { keepUpload } from './uploads.ts';

/** The page runs it before the screens (modules keep their order): it defines window.rankwise, as the preload does on the desktop. */
const BRIDGE = '/bridge.js';

export interface Served {
  api: Api;
  notices: NoticeHub;
  /** Hands out a file that was sent. */
  admit(file: string): PickedFile;
  /** Folder of the built screens. */
  screens: string;
  /** File of the browser's bridge. */
  bridge: string;
  /** Where files that are sent lie. */
  uploads: string;
}

export interface ScreenServer {
  port: number;
  /** A new address that lets one browser in. */
  mintAddress(): string;
  close(): Promise<void>;
}

/** Serves the screens and the contract on the loopback interface. @param port 0 = any. Throws E_PORT for one that is taken. */
export async function startServer(served: Served, port: number): Promise<ScreenServer> {
  // A file may take its time to be sent.
  const server = createServer({ requestTimeout: 0 });
  await listen(server, port);
  const own = (server.address() as AddressInfo).port;
  const access = new Access(own);
  const socket = new NoticeSocket(served.notices);
  server.on('request', (request, response) => {
    respond(served, access, request, response).catch((error: unknown) => {
      if (response.headersSent) response.destroy();
      else answerText(response, 500, reportOf(error).message);
    });
  });
  server.on('upgrade', (request, stream, head) => {
    const allowed = access.isHost(request) && access.isOwnOrigin(request) && access.hasSession(request);
    if (allowed && request.url === '/notices') socket.accept(request, stream, head);
    else stream.end('HTTP/1.1 403 Forbidden\r\nConnection: close\r\n\r\n');
  });
  return {
    port: own,
    mintAddress: () => `http://127.0.0.1:${own}/?token=${access.mintToken()}`,
    async close() {
      socket.close();
      const closed = new Promise((resolve) => server.close(resolve));
      server.closeAllConnections();
      await closed;
    },
  };
}

async function respond(
  served: Served,
  access: Access,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  if (!access.isHost(request)) return answerText(response, 421, 'Rankwise is served to this machine alone.');
  if (!access.isOwnOrigin(request)) return answerText(response, 403, 'Another page may not ask for this.');
  // Put together, not resolved: “//elsewhere” is a path here.
  const url = URL.parse(`http://${request.headers.host}${request.url}`);
  if (!url) return answerText(response, 400, 'This address is not one.');
  const token = url.searchParams.get('token');
  if (request.method === 'GET' && token !== null) {
    const cookie = access.exchange(token);
    if (cookie) response.setHeader('set-cookie', cookie);
    if (cookie || access.hasSession(request)) {
      response.setHeader('location', '/');
      return answerText(response, 303, 'Welcome.');
    }
  }
  if (!access.hasSession(request)) {
    return answerText(
      response,
      403,
      'This address has been used, or is none. Rankwise prints a new one when you press Enter where it runs.',
    );
  }
  const [, door, noun, method, ...more] = url.pathname.split('/');
  if (request.method === 'POST' && door === 'call' && method !== undefined && more.length === 0) {
    return answerResult(response, await call(served, noun!, method, request));
  }
  if (request.method === 'POST' && url.pathname === '/upload') {
    return answerResult(response, await upload(served, url.searchParams.get('name') ?? '', request));
  }
  if (request.method !== 'GET') return answerText(response, 405, 'There is no such call.');
  return answerFile(served, url.pathname, response);
}

async function call(served: Served, noun: string, method: string, request: IncomingMessage) {
  try {
    const input = await readInput(request);
    return await dispatch(served.api, noun, method, input);
  } catch (error) {
    return { ok: false as const, error: reportOf(error) };
  }
}

async function upload(served: Served, name: string, request: IncomingMessage) {
  try {
    return { ok: true as const, value: served.admit(await keepUpload(served.uploads, name, request)) };
  } catch (error) {
    return { ok: false as const, error: reportOf(error) };
  }
}

async function answerFile({ screens, bridge }: Served, pathname: string, response: ServerResponse): Promise<void> {
  const { status, type, body } =
    pathname === BRIDGE
      ? { status: 200, type: 'text/javascript; charset=utf-8', body: await readFile(bridge) }
      : await readScreenFile(screens, pathname);
  const page = type.startsWith('text/html')
    ? body.toString().replace('<head>', `<head><script type="module" src="${BRIDGE}"></script>`)
    : body;
  answer(response, status, type, page);
}

async function listen(server: Server, port: number): Promise<void> {
  try {
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(port, '127.0.0.1', () => resolve());
    });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EADDRINUSE') throw error;
    throw new RankwiseError('E_PORT', `Port ${port} is taken by another program.`, 'Choose another one with --port.');
  }
}
