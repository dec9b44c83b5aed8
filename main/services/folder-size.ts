import type { Dirent } from 'node:fs';
import { lstat, readdir } from 'node:fs/promises';
import path from 'node:path';

/** Bytes of everything below a folder, links not followed; 0 where it is not there. */
export async function folderBytes(folder: string): Promise<number> {
  return total(await entriesOf(folder), async (entry) => {
    const full = path.join(folder, entry.name);
    if (entry.isDirectory()) return folderBytes(full);
    return entry.isFile() ? fileBytes(full) : 0;
  });
}

/** Bytes of several folders together. */
export function foldersBytes(folders: readonly string[]): Promise<number> {
  return total(folders, folderBytes);
}

// What goes away while it is measured takes nothing.
const fileBytes = (file: string): Promise<number> =>
  lstat(file).then(
    ({ size }) => size,
    () => 0,
  );

const entriesOf = (folder: string): Promise<Dirent[]> => readdir(folder, { withFileTypes: true }).catch(() => []);

async function total<T>(all: readonly T[], bytesOf: (each: T) => Promise<number>): Promise<number> {
  return (await Promise.all(all.map(bytesOf))).reduce((sum, bytes) => sum + bytes, 0);
}
