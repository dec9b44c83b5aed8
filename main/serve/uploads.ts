import { createHash, randomBytes } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { mkdir, rename, rm } from 'node:fs/promises';
import path from 'node:path';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { RankwiseError } from '../../preload/contract/errors.ts';

/**
 * Keeps a file that a browser sent, under its content's hash, so that the same file sent twice lies there once. What arrives in
 * part leaves nothing behind.
 * @param name as the browser tells it; only its last part counts
 * @returns where the file lies
 */
export async function keepUpload(folder: string, name: string, body: Readable): Promise<string> {
  const safe = fileName(name);
  await mkdir(folder, { recursive: true });
  const arriving = path.join(folder, `.arriving-${randomBytes(8).toString('hex')}`);
  const hash = createHash('sha256');
  try {
    await pipeline(
      body,
      async function* (chunks: AsyncIterable<Buffer>) {
        for await (const chunk of chunks) {
          hash.update(chunk);
          yield chunk;
        }
      },
      createWriteStream(arriving, { flags: 'wx' }),
    );
    const place = path.join(folder, hash.digest('hex').slice(0, 32));
    await mkdir(place, { recursive: true });
    const file = path.join(place, safe);
    await rename(arriving, file);
    return file;
  } catch (error) {
    await rm(arriving, { force: true });
    if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error;
    throw new RankwiseError('E_DISK', `The disk has no room for ${safe}.`, 'Free some space, then send it again.');
  }
}

// Windows' separators count too: a name must not leave its folder on any system.
function fileName(name: string): string {
  const last = name.split(/[/\\]/).at(-1) ?? '';
  const safe = last
    .replace(/[\u0000-\u001f<>:"|?*]/g, '_')
    .replace(/^\.+/, '')
    .slice(-200);
  if (safe === '') throw new RankwiseError('E_INPUT', 'The file has no name.');
  return safe;
}
