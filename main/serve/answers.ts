import type { IncomingMessage, ServerResponse } from 'node:http';
import { RankwiseError } from '../../preload/contract/errors.ts';
import { decodeWire, encodeWire } from '../../preload/contract/wire.ts';
import type { Result } from '../../preload/contract/api.ts';
import { SCREEN_HEADERS } from '../api/screen-files.ts';

const MOST_BYTES = 64 * 1024 * 1024;

/** Every answer carries the headers of the screens; nothing of it is kept by the browser. */
export function answer(response: ServerResponse, status: number, type: string, body: string | Buffer): void {
  response.writeHead(status, { ...SCREEN_HEADERS, 'cache-control': 'no-store', 'content-type': type });
  response.end(body);
}

export const answerText = (response: ServerResponse, status: number, text: string): void =>
  answer(response, status, 'text/plain; charset=utf-8', text);

export const answerResult = (response: ServerResponse, result: Result<unknown>): void =>
  answer(response, 200, 'application/json; charset=utf-8', encodeWire(result));

/** The input of a call: JSON with typed arrays. Throws E_INPUT for what is none or endless. */
export async function readInput(request: IncomingMessage): Promise<unknown> {
  if (request.headers['content-type'] !== 'application/json') throw new RankwiseError('E_INPUT', 'A call is JSON.');
  if (Number(request.headers['content-length'] ?? 0) > MOST_BYTES) throw tooLong();
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.byteLength;
    if (bytes > MOST_BYTES) throw tooLong();
    chunks.push(chunk);
  }
  const text = Buffer.concat(chunks).toString('utf8');
  if (text === '') return undefined;
  try {
    return decodeWire(text);
  } catch {
    throw new RankwiseError('E_INPUT', 'The call is not JSON.');
  }
}

const tooLong = (): RankwiseError => new RankwiseError('E_INPUT', 'The call is longer than any call can be.');
