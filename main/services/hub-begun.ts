import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { z } from 'zod';
import { RankwiseError } from '../../preload/contract/errors.ts';
import type { UnfinishedDownload } from '../../preload/contract/hub.ts';
import { folderBytes } from './folder-size.ts';
import { claimDownload, downloadOwner } from './run-lock.ts';

const NOTE = 'download.json';
const note = z.object({
  repository: z.string(),
  commit: z.string(),
  endpoint: z.string(),
  totalBytes: z.number(),
  output: z.string().nullable().default(null),
});
const pointer = z.object({ part: z.string().endsWith('.part') });

/** What a download writes down of itself, so that it can go on later. */
export type DownloadNote = z.infer<typeof note>;

/**
 * Downloads that are not whole yet, each in a folder of its own: ID.part in one folder, or beside the folder that is to be made, and
 * then ID.at.json says where.
 */
export class BegunDownloads {
  readonly #folder: string;
  readonly #changed: () => void;
  readonly #running = new Set<string>();

  /** @param changed told when one begins, ends or goes */
  constructor(folder: string, changed: () => void) {
    this.#folder = folder;
    this.#changed = changed;
  }

  /** Where a download lies until it is whole. @param output the folder to be made, or null for one of the library */
  partOf(id: string, commit: string, output: string | null): string {
    return output === null ? path.join(this.#folder, `${id}.part`) : `${output}.${commit.slice(0, 8)}.part`;
  }

  /** Writes down what a download is. Its size is as it was written down before where it is not told yet. */
  keep(id: string, part: string, told: Omit<DownloadNote, 'totalBytes'>, totalBytes?: number): void {
    const known = totalBytes ?? readNote(part)?.totalBytes ?? 0;
    writeFileSync(path.join(part, NOTE), JSON.stringify({ ...told, totalBytes: known }));
    if (told.output !== null) {
      mkdirSync(this.#folder, { recursive: true });
      writeFileSync(this.#pointer(id), JSON.stringify({ part }));
    }
    this.#changed();
  }

  /** Ends a download's being unfinished: what is in its folder is a model from now on. */
  forget(id: string, part: string): void {
    rmSync(path.join(part, NOTE));
    rmSync(this.#pointer(id), { force: true });
  }

  /** Removes a download of which nothing has come that is worth to go on from. */
  dropIfEmpty(id: string, part: string): void {
    if (existsSync(part) && readdirSync(part).some(isContent)) return;
    rmSync(part, { recursive: true, force: true });
    rmSync(this.#pointer(id), { force: true });
  }

  /** In the order of their ids. */
  async list(): Promise<UnfinishedDownload[]> {
    const found: UnfinishedDownload[] = [];
    for (const { id, part } of this.#places()) {
      const told = readNote(part);
      if (told) found.push({ id, ...told, doneBytes: await folderBytes(part), running: this.#isRunning(part) });
    }
    return found;
  }

  /** Throws E_HUB for one that is not there. */
  find(id: string): { part: string; told: DownloadNote } {
    const place = this.#places().find((each) => each.id === id);
    const told = place && readNote(place.part);
    if (!told) throw new RankwiseError('E_HUB', `There is no unfinished download “${id}”.`);
    return { part: place.part, told };
  }

  /** Removes what has come of a download. Throws E_BUSY while it goes on, E_HUB for one that is not there. */
  async discard(id: string): Promise<void> {
    const { part } = this.find(id);
    const release = await this.claim(part);
    rmSync(part, { recursive: true, force: true });
    rmSync(this.#pointer(id), { force: true });
    release();
  }

  /** Takes a download's folder for this process; what it answers gives it back. Throws E_BUSY. */
  async claim(part: string): Promise<() => void> {
    if (this.#running.has(part))
      throw new RankwiseError('E_BUSY', 'That model is being downloaded already.', 'Wait for it, or cancel it.');
    this.#running.add(part);
    const release = (): void => {
      if (this.#running.delete(part)) this.#changed();
    };
    try {
      const unlock = await claimDownload(part);
      return () => {
        unlock();
        release();
      };
    } catch (error) {
      release();
      throw error;
    }
  }

  // Of this process, or of another that lives.
  #isRunning(part: string): boolean {
    return this.#running.has(part) || ![0, process.pid].includes(downloadOwner(part));
  }

  #places(): { id: string; part: string }[] {
    if (!existsSync(this.#folder)) return [];
    return readdirSync(this.#folder)
      .sort()
      .flatMap((name) => {
        const [, id, kind] = /^([a-z0-9-]+)\.(part|at\.json)$/.exec(name) ?? [];
        if (id === undefined) return [];
        const here = path.join(this.#folder, name);
        const part = kind === 'part' ? here : read(here, pointer)?.part;
        return part === undefined ? [] : [{ id, part }];
      });
  }

  #pointer(id: string): string {
    return path.join(this.#folder, `${id}.at.json`);
  }
}

// Config and note are small and come again; a lock is nothing.
const isContent = (name: string): boolean =>
  name !== NOTE && name !== 'config.json' && !name.startsWith('download.lock');

const readNote = (part: string): DownloadNote | null => read(path.join(part, NOTE), note);

function read<T>(file: string, shape: z.ZodType<T>): T | null {
  try {
    return shape.parse(JSON.parse(readFileSync(file, 'utf8')));
  } catch {
    return null;
  }
}
