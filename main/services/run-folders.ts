import { appendFileSync, existsSync, mkdirSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { isRunFolder } from './run-folder.ts';

/**
 * Where runs lie: all in the program's own folder of runs, and those that were sent elsewhere, whose folders stand in a list beside
 * the database. With it the records can be rebuilt when the database is lost.
 */
export class RunFolders {
  readonly #own: string;
  readonly #list: string;

  /** @param own folder of projects with their runs  @param list file with one folder a line */
  constructor(own: string, list: string) {
    this.#own = own;
    this.#list = list;
  }

  /** Notes a run's folder, where it would not be found otherwise. */
  remember(folder: string): void {
    const known = folder.startsWith(this.#own + path.sep) || this.#elsewhere().includes(folder);
    // A list of lines cannot hold a name with a line break in it.
    if (known || folder.includes('\n')) return;
    mkdirSync(path.dirname(this.#list), { recursive: true });
    appendFileSync(this.#list, `${folder}\n`);
  }

  /** Those that are there, in order of their paths. */
  list(): string[] {
    const own = foldersIn(this.#own).flatMap(foldersIn);
    return [...new Set([...own, ...this.#elsewhere()])].filter(isRunFolder).sort();
  }

  #elsewhere(): string[] {
    if (!existsSync(this.#list)) return [];
    return readFileSync(this.#list, 'utf8')
      .split('\n')
      .filter((line) => line !== '');
  }
}

function foldersIn(folder: string): string[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map((entry) => path.join(folder, entry.name));
}
