import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { pipeline } from 'node:stream/promises';

/**
 * SHA-256 of a file's bytes, in hex. Rejects when `signal` is aborted.
 * @param onBytes is told how many bytes were read since it was told last
 */
export async function hashFile(
  file: string,
  { onBytes, signal }: { onBytes?: (bytes: number) => void; signal?: AbortSignal } = {},
): Promise<string> {
  const hash = createHash('sha256');
  const source = createReadStream(file, { highWaterMark: 2 ** 20 });
  if (onBytes) source.on('data', (chunk) => onBytes(chunk.length));
  await pipeline(source, hash, { signal });
  return hash.digest('hex');
}

/** SHA-256 over a list of texts; no two lists give the same bytes. */
export function hashTexts(texts: Iterable<string>): string {
  const hash = createHash('sha256');
  for (const text of texts) hash.update(`${Buffer.byteLength(text)}\n`).update(text, 'utf8');
  return hash.digest('hex');
}
