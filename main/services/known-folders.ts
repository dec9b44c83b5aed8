import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import path from 'node:path';

export interface KnownFolder {
  path: string;
  name: string;
}

/**
 * Folders elsewhere on the disk that the user has added to the library, in a file beside the database: with it the library can be
 * rebuilt when the database is lost. A file that cannot be read counts as empty.
 */
export class KnownFolders {
  readonly #file: string;

  constructor(file: string) {
    this.#file = file;
  }

  /** In the order of being added. */
  list(): KnownFolder[] {
    if (!existsSync(this.#file)) return [];
    try {
      const { models } = JSON.parse(readFileSync(this.#file, 'utf8')) as { models?: unknown };
      return Array.isArray(models) ? models.filter(isFolder) : [];
    } catch {
      return [];
    }
  }

  /** Adds a folder, or gives a known one another name. */
  put(folder: KnownFolder): void {
    const known = this.list();
    const at = known.findIndex((each) => each.path === folder.path);
    this.#write(at < 0 ? [...known, folder] : known.with(at, folder));
  }

  remove(folder: string): void {
    this.#write(this.list().filter((each) => each.path !== folder));
  }

  #write(models: KnownFolder[]): void {
    mkdirSync(path.dirname(this.#file), { recursive: true });
    const part = `${this.#file}.${process.pid}.part`;
    writeFileSync(part, `${JSON.stringify({ version: 1, models }, null, 2)}\n`);
    renameSync(part, this.#file);
  }
}

function isFolder(value: unknown): value is KnownFolder {
  const { path: place, name } = (value ?? {}) as Partial<KnownFolder>;
  return typeof place === 'string' && typeof name === 'string';
}
