import { createHash } from 'node:crypto';
import { statSync } from 'node:fs';
import path from 'node:path';
import { hashFile } from '../data/content-hash.ts';
import { readModelFolder } from '../formats/model-folder.ts';
import type { Progress } from './tasks.ts';

/**
 * SHA-256 over config.json and every byte of the weights of a model folder: two folders of the same hash compute the same. Names and
 * order of shards count; the tokenizer does not. Progress is in bytes.
 */
export async function hashModel(
  folder: string,
  progress: Progress = () => undefined,
  signal?: AbortSignal,
): Promise<string> {
  const names = ['config.json', ...readModelFolder(folder).weights];
  const files = names.map((name) => path.join(folder, name));
  const total = files.reduce((sum, file) => sum + statSync(file).size, 0);
  const hash = createHash('sha256');
  let done = 0;
  for (const [index, file] of files.entries()) {
    const onBytes = (bytes: number): void => progress((done += bytes), total);
    hash.update(`${names[index]} ${await hashFile(file, { onBytes, signal })}\n`);
  }
  return hash.digest('hex');
}
