import { statfsSync } from 'node:fs';
import { RankwiseError } from '../../preload/contract/errors.ts';
import { bytes } from '../../preload/contract/figures.ts';

/** Bytes that a program may still write on the disk of a folder that is there. */
export function freeBytes(folder: string): number {
  const { bavail, bsize } = statfsSync(folder);
  return bavail * bsize;
}

/** @param what takes the room, as a sentence begins with it. Throws E_DISK. */
export function requireRoom(folder: string, needed: number, what: string, hint: string): void {
  const free = freeBytes(folder);
  if (needed <= free) return;
  throw new RankwiseError(
    'E_DISK',
    `${what} takes ${bytes(needed)}; on the disk of ${folder} ${bytes(free)} are free.`,
    hint,
  );
}

/** The room of a model folder with so many weights. Throws E_DISK. */
export function requireModelRoom(folder: string, parameters: number, dtype: 'float32' | 'bfloat16'): void {
  const whole = dtype === 'float32';
  const hint = whole ? 'Free some, or write bfloat16, which takes half.' : 'Free some.';
  requireRoom(folder, parameters * (whole ? 4 : 2), 'The new model', hint);
}
