import { createReadStream, createWriteStream, mkdirSync, statSync } from 'node:fs';
import path from 'node:path';
import { pipeline } from 'node:stream/promises';

/**
 * Copies files of one folder into another, which is made. Those that are not there are left out. Rejects when `signal` is aborted,
 * and leaves what it has written.
 * @param progress bytes done and in all
 */
export async function copyFiles(
  from: string,
  to: string,
  names: readonly string[],
  progress: (done: number, total: number) => void,
  signal?: AbortSignal,
): Promise<void> {
  mkdirSync(to, { recursive: true });
  const files = names.flatMap((name) => {
    const stats = statSync(path.join(from, name), { throwIfNoEntry: false });
    return stats?.isFile() ? [{ name, bytes: stats.size }] : [];
  });
  const total = files.reduce((sum, { bytes }) => sum + bytes, 0);
  let done = 0;
  progress(done, total);
  for (const { name } of files) {
    const source = createReadStream(path.join(from, name), { highWaterMark: 2 ** 20 });
    source.on('data', (chunk) => progress((done += chunk.length), total));
    await pipeline(source, createWriteStream(path.join(to, name)), { signal });
  }
}
