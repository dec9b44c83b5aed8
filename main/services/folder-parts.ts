import { existsSync, readdirSync, rmSync } from 'node:fs';
import path from 'node:path';
import { isAlive } from './run-lock.ts';

/** Where a folder of the library is filled before it takes its name; it tells which process does so. */
export const partOf = (folder: string, id: string): string => path.join(folder, `.${id}.${process.pid}.part`);

/** Names of the folders in a folder of the library, in order, those that are being filled left out. */
export function wholeFolders(folder: string): string[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && !entry.name.startsWith('.'))
    .map((entry) => entry.name)
    .sort();
}

/** Removes what processes have left that died while they were filling it. */
export function sweepParts(folder: string): void {
  if (!existsSync(folder)) return;
  for (const name of readdirSync(folder)) {
    const owner = /^\..+\.(\d+)\.part(?:\.|$)/.exec(name)?.[1];
    if (owner !== undefined && Number(owner) !== process.pid && !isAlive(Number(owner)))
      rmSync(path.join(folder, name), { recursive: true, force: true });
  }
}
