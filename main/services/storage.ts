import { existsSync, readdirSync, rmSync, statSync } from 'node:fs';
import path from 'node:path';
import { RankwiseError } from '../../preload/contract/errors.ts';
import type { StorageUse } from '../../preload/contract/system.ts';
import type { RunRecord } from '../store/runs.ts';
import type { Store } from '../store/store.ts';
import { folderBytes, foldersBytes } from './folder-size.ts';
import type { HubLibrary } from './hub-library.ts';

export interface StorageFolders {
  home: string;
  database: string;
  cache: string;
  uploads: string;
  runs: string;
  models: string;
  adapters: string;
  downloads: string;
}

/** Downloads that are not whole yet. */
type Downloads = Pick<HubLibrary, 'unfinished' | 'discard'>;

/** What is kept on the disk, and what of it can go. */
export class StorageService {
  readonly #store: Store;
  readonly #folders: StorageFolders;
  readonly #downloads: Downloads;

  constructor(store: Store, folders: StorageFolders, downloads: Downloads) {
    this.#store = store;
    this.#folders = folders;
    this.#downloads = downloads;
  }

  async use(): Promise<StorageUse[]> {
    const { home, cache, uploads, runs, models, adapters, downloads } = this.#folders;
    const records = this.#store.runs.list();
    const outputs = [...new Set(records.map((run) => run.output))];
    const checkpoints = await foldersBytes(outputs.map((output) => path.join(output, 'checkpoints')));
    const cached = await folderBytes(cache);
    const begun = await this.#downloads.unfinished();
    const fixed = (what: StorageUse['what'], place: string, bytes: number): StorageUse => ({
      what,
      path: place,
      bytes,
      cleanableBytes: 0,
    });
    return [
      fixed('runs', runs, (await foldersBytes(outputs)) - checkpoints),
      {
        ...fixed('checkpoints', runs, checkpoints),
        cleanableBytes: await foldersBytes(this.#superseded(records)),
      },
      fixed('models', models, await folderBytes(models)),
      {
        ...fixed('downloads', downloads, sum(begun.map(({ doneBytes }) => doneBytes))),
        cleanableBytes: sum(begun.map(({ doneBytes, running }) => (running ? 0 : doneBytes))),
      },
      fixed('adapters', adapters, await folderBytes(adapters)),
      fixed('datasets', uploads, await folderBytes(uploads)),
      { ...fixed('cache', cache, cached), cleanableBytes: this.#isTraining(records) ? 0 : cached },
      fixed('records', home, await this.#recordBytes()),
    ];
  }

  /**
   * Removes tokenized data, which are made anew when they are needed, checkpoints of ended runs but for each one's newest, or what has
   * come of downloads that do not go on now.
   * Answers the bytes that were freed. Throws E_BUSY for the cache while a run trains from it.
   */
  async clean(what: 'cache' | 'checkpoints' | 'downloads'): Promise<number> {
    const records = this.#store.runs.list();
    if (what === 'checkpoints') return remove(this.#superseded(records));
    if (what === 'downloads') return this.#discardDownloads();
    if (this.#isTraining(records))
      throw new RankwiseError('E_BUSY', 'A run is being trained from the cache.', 'Pause it, or wait for its end.');
    const { cache } = this.#folders;
    return existsSync(cache) ? remove(readdirSync(cache).map((name) => path.join(cache, name))) : 0;
  }

  async #discardDownloads(): Promise<number> {
    const idle = (await this.#downloads.unfinished()).filter(({ running }) => !running);
    for (const { id } of idle) await this.#downloads.discard(id);
    return sum(idle.map(({ doneBytes }) => doneBytes));
  }

  #isTraining(records: readonly RunRecord[]): boolean {
    return records.some((run) => run.state === 'running');
  }

  // What a run goes on from, and the one before in case that is damaged, stays; so does what a fork has yet to begin with.
  #superseded(records: readonly RunRecord[]): string[] {
    const wanted = new Set(
      records.filter((run) => !hasEnded(run)).flatMap((run) => (run.parent ? [`${run.parent} ${run.parentStep}`] : [])),
    );
    return records.filter(hasEnded).flatMap((run) => {
      const there = this.#store.checkpoints.list(run.id).filter((checkpoint) => existsSync(checkpoint.path));
      return there.slice(0, -1).flatMap(({ step, path: place }) => (wanted.has(`${run.id} ${step}`) ? [] : [place]));
    });
  }

  async #recordBytes(): Promise<number> {
    const { home, database } = this.#folders;
    const name = path.basename(database, '.db');
    const files = readdirSync(home).filter((file) => file.startsWith(name));
    return (
      sum(files.map((file) => statSync(path.join(home, file), { throwIfNoEntry: false })?.size ?? 0)) +
      (await folderBytes(path.join(home, 'backups')))
    );
  }
}

const hasEnded = ({ state }: RunRecord): boolean => state === 'finished' || state === 'stopped';

async function remove(places: readonly string[]): Promise<number> {
  let freed = 0;
  for (const place of places) {
    const stats = statSync(place, { throwIfNoEntry: false });
    const bytes = stats?.isDirectory() ? await folderBytes(place) : (stats?.size ?? 0);
    rmSync(place, { recursive: true, force: true });
    freed += bytes;
  }
  return freed;
}

const sum = (numbers: readonly number[]): number => numbers.reduce((total, each) => total + each, 0);
