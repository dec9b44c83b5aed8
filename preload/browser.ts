// What the preload is on the desktop, for the screens in a browser: the same bridge over HTTP and a WebSocket.
import type { Bridge, Result } from './contract/api.ts';
import { callsOver } from './contract/calls.ts';
import type { PickedFile } from './contract/files.ts';
import type { Notice } from './contract/notices.ts';
import { decodeWire, encodeWire } from './contract/wire.ts';
import { NoticeStream } from './notice-stream.ts';

const failed = (code: string, message: string, hint: string): Result<never> => ({
  ok: false,
  error: { code, message, hint },
});

/** Posts, and reads a result whatever happens: a program that has ended is an answer too. */
async function post(address: string, body: NonNullable<RequestInit['body']>, type: string): Promise<Result<unknown>> {
  try {
    const response = await fetch(address, { method: 'POST', headers: { 'content-type': type }, body });
    if (response.ok) return decodeWire(await response.text()) as Result<unknown>;
    if (response.status === 403)
      return failed(
        'E_ACCESS',
        'This page may no longer use Rankwise.',
        'Open the address that it prints in its terminal.',
      );
    return failed('E_INTERNAL', await response.text(), '');
  } catch {
    return failed('E_OFFLINE', 'Rankwise does not answer.', 'It may have been ended. Start it again: rankwise serve');
  }
}

const notices = new NoticeStream(() => new WebSocket('/notices'));

const bridge: Bridge = {
  door: 'browser',
  api: callsOver((noun, method, input) =>
    post(`/call/${noun}/${method}`, input === undefined ? '' : encodeWire(input), 'application/json'),
  ),
  admit: (file) =>
    post(`/upload?name=${encodeURIComponent(file.name)}`, file, 'application/octet-stream') as Promise<
      Result<PickedFile>
    >,
  listen: (listener: (notice: Notice) => void) => notices.listen(listener),
};

Object.defineProperty(globalThis, 'rankwise', { value: Object.freeze(bridge), enumerable: true });
