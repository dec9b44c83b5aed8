import { createReadStream, openSync, readSync, closeSync } from 'node:fs';
import type { Reading } from './row.ts';

const PIECE = 2 ** 20;

export type Encoding = 'utf-8' | 'utf-16le' | 'utf-16be';

/** What the first bytes of a file say of its encoding: a byte-order mark, or the zero bytes of UTF-16. */
export function encodingOf(start: Buffer): { encoding: Encoding; mark: number } {
  const [a, b, c] = start;
  if (a === 0xef && b === 0xbb && c === 0xbf) return { encoding: 'utf-8', mark: 3 };
  if (a === 0xff && b === 0xfe) return { encoding: 'utf-16le', mark: 2 };
  if (a === 0xfe && b === 0xff) return { encoding: 'utf-16be', mark: 2 };
  if (a !== 0 && b === 0) return { encoding: 'utf-16le', mark: 0 };
  if (a === 0 && b !== 0 && b !== undefined) return { encoding: 'utf-16be', mark: 0 };
  return { encoding: 'utf-8', mark: 0 };
}

/** The first bytes of a file. */
export function headOf(file: string, bytes: number): Buffer {
  const head = Buffer.alloc(bytes);
  const handle = openSync(file, 'r');
  try {
    return head.subarray(0, readSync(handle, head, 0, bytes, 0));
  } finally {
    closeSync(handle);
  }
}

/** A file piece by piece, as UTF-8 without its byte-order mark. UTF-16 is translated; what is no UTF-8 stays as it is. */
export async function* utf8Pieces(file: string, { onBytes, signal }: Reading = {}): AsyncGenerator<Buffer> {
  const { encoding, mark } = encodingOf(headOf(file, 4));
  const decoder = encoding === 'utf-8' ? undefined : new TextDecoder(encoding);
  const stream = createReadStream(file, { start: mark, highWaterMark: PIECE }) as AsyncIterable<Buffer>;
  onBytes?.(mark);
  for await (const piece of stream) {
    signal?.throwIfAborted();
    onBytes?.(piece.length);
    yield decoder ? Buffer.from(decoder.decode(piece, { stream: true }), 'utf8') : piece;
  }
  const rest = decoder?.decode();
  if (rest) yield Buffer.from(rest, 'utf8');
}
