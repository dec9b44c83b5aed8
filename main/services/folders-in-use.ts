import path from 'node:path';
import { RankwiseError } from '../../preload/contract/errors.ts';

/** Folders of models and adapters that the engine computes with just now: their files must not go meanwhile. */
export class FoldersInUse {
  readonly #uses: { folders: readonly string[]; purpose: string }[] = [];

  /** @param purpose in words: “text is being generated with it” */
  async during<T>(folders: readonly (string | null)[], purpose: string, work: () => Promise<T>): Promise<T> {
    const use = { folders: folders.flatMap((folder) => (folder === null ? [] : [path.resolve(folder)])), purpose };
    this.#uses.push(use);
    try {
      return await work();
    } finally {
      this.#uses.splice(this.#uses.indexOf(use), 1);
    }
  }

  /** Throws E_BUSY where a folder, or one within it, is in use. @param name of what lies there */
  requireFree(folder: string, name: string): void {
    const place = path.resolve(folder);
    const isWithin = (used: string): boolean => used === place || used.startsWith(place + path.sep);
    const use = this.#uses.find(({ folders }) => folders.some(isWithin));
    if (use)
      throw new RankwiseError(
        'E_BUSY',
        `“${name}” is in use: ${use.purpose}.`,
        'Wait until that is done, or cancel it.',
      );
  }
}
