import { existsSync } from 'node:fs';
import path from 'node:path';
import { z } from 'zod';
import { reportOf } from '../../preload/contract/errors.ts';
import type { Rescan } from '../../preload/contract/system.ts';
import { asDownload } from '../formats/download-passport.ts';
import { readPassport } from '../formats/passport.ts';
import type { Store } from '../store/store.ts';
import type { AdapterImport } from './adapter-import.ts';
import type { AdapterShelf } from './adapter-shelf.ts';
import { sweepParts, wholeFolders } from './folder-parts.ts';
import type { DatasetPlace, KnownPlaces, ModelPlace } from './known-places.ts';
import type { ModelLibrary } from './model-library.ts';
import type { ModelShelf } from './model-shelf.ts';
import type { NoticeHub } from './notices.ts';
import type { Progress } from './tasks.ts';

/** Looks for one kind of thing on the disk; answers how many were taken in that had no record, and what could not be. */
export type Rediscover = (signal: AbortSignal) => Promise<{ found: number; problems: string[] }>;

export interface RescanParts {
  store: Store;
  runs: Rediscover;
  datasets: Rediscover;
  models: ModelShelf;
  modelLibrary: ModelLibrary;
  adapters: AdapterShelf;
  imports: AdapterImport;
  known: KnownPlaces<ModelPlace>;
  knownDatasets: KnownPlaces<DatasetPlace>;
  notices: NoticeHub;
  /** Where models that merges made and where imported adapters lie. */
  folders: { models: string; adapters: string };
}

const bakedPassport = z.object({
  name: z.string().min(1),
  madeAt: z.number(),
  recipe: z.object({
    base: z.string(),
    baseName: z.string(),
    baseHash: z.string().nullable(),
    adapter: z.string(),
    adapterName: z.string(),
    scale: z.number(),
    dtype: z.enum(['float32', 'bfloat16']),
  }),
  receipt: z.object({
    maxDifference: z.number(),
    meanDifference: z.number(),
    agreement: z.number(),
    positions: z.number(),
  }),
});

/** Makes the records of the library anew from the files. What is known already stays as it is. */
export class RescanService {
  readonly #parts: RescanParts;

  constructor(parts: RescanParts) {
    this.#parts = parts;
  }

  /** Progress in kinds of things. What cannot be taken in is told and left where it is. */
  async rescan(progress: Progress, signal: AbortSignal): Promise<Rescan> {
    const { store, runs, datasets, notices } = this.#parts;
    const problems: string[] = [];
    const kinds: [keyof Omit<Rescan, 'problems'>, Rediscover][] = [
      // Models and adapters of runs are found by their runs, adapters by their bases.
      ['runs', runs],
      ['datasets', datasets],
      [
        'models',
        () =>
          this.#counted(
            () => store.models.list().length,
            () => this.#models(),
          ),
      ],
      [
        'adapters',
        () =>
          this.#counted(
            () => store.adapters.list().length,
            () => this.#adapters(),
          ),
      ],
    ];
    const counts = { runs: 0, datasets: 0, models: 0, adapters: 0 };
    for (const [index, [kind, look]] of kinds.entries()) {
      signal.throwIfAborted();
      progress(index, kinds.length);
      const { found, problems: told } = await look(signal);
      counts[kind] = found;
      problems.push(...told);
    }
    progress(kinds.length);
    for (const noun of ['projects', 'runs', 'datasets', 'models', 'adapters'] as const)
      notices.publish({ topic: 'changed', noun });
    return { ...counts, problems };
  }

  /** Whether something lies in the library's folders that has no record: the database was lost, or a disk is back. */
  isBehind(): boolean {
    const { store, known, knownDatasets, folders } = this.#parts;
    const records = [...store.models.list(), ...store.adapters.list(), ...store.datasets.list()];
    const there = new Set(records.map((record) => record.path));
    const places = [
      ...[...known.list(), ...knownDatasets.list()].flatMap(({ path: place }) => (existsSync(place) ? [place] : [])),
      ...[folders.models, folders.adapters].flatMap((folder) =>
        wholeFolders(folder).map((name) => path.join(folder, name)),
      ),
    ];
    return places.some((place) => !there.has(place));
  }

  async #counted(count: () => number, look: () => Promise<string[]>): ReturnType<Rediscover> {
    const before = count();
    const problems = await look();
    return { found: count() - before, problems };
  }

  async #models(): Promise<string[]> {
    const { models, modelLibrary, known, folders } = this.#parts;
    const there = new Set(models.all().map(({ record }) => record.path));
    const problems: string[] = [];
    for (const { path: place, name } of known.list().filter((folder) => !there.has(folder.path))) {
      await modelLibrary.takeBack(place, name).catch((error: unknown) => problems.push(told(place, error)));
    }
    sweepParts(folders.models);
    for (const id of wholeFolders(folders.models)) {
      const place = path.join(folders.models, id);
      if (there.has(place)) continue;
      try {
        const passport = readPassport(place);
        const download = asDownload(passport);
        if (download) modelLibrary.enterDownloaded(place, download.name);
        else modelLibrary.enterBaked(id, bakedPassport.parse(passport));
      } catch (error) {
        problems.push(told(place, error instanceof z.ZodError ? 'rankwise.json does not say what it is' : error));
      }
    }
    return problems;
  }

  async #adapters(): Promise<string[]> {
    const { adapters, imports, folders } = this.#parts;
    const there = new Set(adapters.all().map(({ record }) => record.path));
    sweepParts(folders.adapters);
    return wholeFolders(folders.adapters).flatMap((id) => {
      const place = path.join(folders.adapters, id);
      if (there.has(place)) return [];
      try {
        imports.takeBack(id);
        return [];
      } catch (error) {
        return [told(place, error)];
      }
    });
  }
}

const told = (place: string, error: unknown): string => `${place}: ${reportOf(error).message}`;
