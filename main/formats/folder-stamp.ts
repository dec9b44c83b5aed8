import { readdirSync, statSync } from 'node:fs';
import path from 'node:path';

/** Names, sizes and times of a folder's files in order of names: while it stays the same, so (as good as surely) do the files. */
export function folderStamp(folder: string): string {
  return filesIn(folder)
    .map(({ name, bytes, changedAt }) => `${name} ${bytes} ${changedAt}`)
    .join('\n');
}

/** The plain files of a folder, not those of its folders, in order of names. */
export function filesIn(folder: string): { name: string; bytes: number; changedAt: number }[] {
  return readdirSync(folder)
    .sort()
    .flatMap((name) => {
      const stats = statSync(path.join(folder, name), { throwIfNoEntry: false });
      return stats?.isFile() ? [{ name, bytes: stats.size, changedAt: stats.mtimeMs }] : [];
    });
}
