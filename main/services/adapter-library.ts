import { existsSync, rmSync } from 'node:fs';
import path from 'node:path';
import type { AdapterSummary } from '../../preload/contract/adapters.ts';
import { RankwiseError } from '../../preload/contract/errors.ts';
import type { EngineHost } from '../engine/host.ts';
import { readLicence } from '../formats/licence.ts';
import { readPassport, writePassport } from '../formats/passport.ts';
import type { AdapterRecord } from '../store/adapters.ts';
import type { ModelRecord } from '../store/models.ts';
import { baseHasChanged, baseOf } from './adapter-base.ts';
import { describedByFolder, exportAdapter } from './adapter-export.ts';
import type { AdapterImport } from './adapter-import.ts';
import type { AdapterShelf } from './adapter-shelf.ts';
import type { FileService } from './files.ts';
import type { FoldersInUse } from './folders-in-use.ts';
import { slugOf } from './ids.ts';
import type { ModelShelf } from './model-shelf.ts';
import type { NoticeHub } from './notices.ts';
import type { Entry } from './shelf.ts';
import type { Progress } from './tasks.ts';

export interface AdapterLibraryParts {
  shelf: AdapterShelf;
  models: ModelShelf;
  imports: AdapterImport;
  engine: EngineHost;
  files: FileService;
  notices: NoticeHub;
  inUse: FoldersInUse;
  /** Names a run that still needs an adapter's folder; undefined where none does. */
  neededBy: (folder: string) => string | undefined;
}

/** The adapters that runs made or that were brought in, with where they come from. */
export class AdapterLibrary {
  readonly #parts: AdapterLibraryParts;

  constructor(parts: AdapterLibraryParts) {
    this.#parts = parts;
  }

  /** Newest first. */
  list(): AdapterSummary[] {
    const models = this.#models();
    return this.#parts.shelf.all().map((entry) => this.#summary(entry, models));
  }

  /** Throws E_ADAPTER for what is not in the library. */
  get(id: string): AdapterSummary {
    return this.#summary(this.#parts.shelf.get(id), this.#models());
  }

  /**
   * An adapter with the model that it can be used on. Throws E_BASE where that is not in the library or has changed, and why either
   * of them cannot be used.
   */
  pair(id: string): { adapter: AdapterRecord; base: ModelRecord } {
    const adapter = this.#parts.shelf.usable(id);
    const base = baseOf(adapter, this.#models());
    if (base) return { adapter, base: this.#parts.models.usable(base.id) };
    const changed = baseHasChanged(adapter, this.#models());
    throw new RankwiseError(
      'E_BASE',
      changed
        ? `The base model of “${adapter.name}”, ${adapter.baseName}, has changed since the adapter was made.`
        : `The base model of “${adapter.name}”, ${adapter.baseName}, is not in the library.`,
      changed ? 'Put the model of that time back.' : 'Add it under Models.',
    );
  }

  async import(folder: string, base: string | null, progress: Progress, signal: AbortSignal): Promise<AdapterSummary> {
    const record = await this.#parts.imports.import(folder, base, progress, signal);
    this.#changed();
    return this.get(record.id);
  }

  /** Copies an adapter with a model card into a new folder within `folder` (progress in bytes). Resolves to the new folder. */
  async export(id: string, folder: string, progress: Progress, signal: AbortSignal): Promise<string> {
    const record = this.#parts.shelf.usable(id);
    const base = baseOf(record, this.#models());
    const place = freePlace(path.join(folder, slugOf(record.name, 'adapter')));
    await exportAdapter(record.path, place, this.get(id), base?.facts.licence ?? null, progress, signal);
    return place;
  }

  /**
   * Copies the adapter of any folder with a model card to a place where nothing lies yet; with its lineage where it is one of the
   * library. Throws E_OUTPUT, and what the engine refuses the pair for.
   */
  async exportFolder(
    adapter: string,
    base: string,
    place: string,
    progress: Progress,
    signal: AbortSignal,
  ): Promise<void> {
    if (existsSync(place))
      throw new RankwiseError('E_OUTPUT', `${place} is there already.`, 'Name a folder that is not there yet.');
    const source = path.resolve(adapter);
    await this.#parts.imports.prove(source, path.resolve(base));
    const models = this.#models();
    const known = this.#parts.shelf.all().find(({ record }) => record.path === source);
    const described = known ? this.#summary(known, models) : describedByFolder(source, path.resolve(base));
    await exportAdapter(source, place, described, readLicence(base), progress, signal);
  }

  rename(id: string, name: string): AdapterSummary {
    const { record } = this.#parts.shelf.get(id);
    const renamed = this.#parts.shelf.rename(record, name);
    if (record.origin === 'imported' && existsSync(record.path))
      writePassport(record.path, { ...readPassport(record.path), name: renamed.name });
    this.#changed();
    return this.get(id);
  }

  /** Throws E_OWNED for what a run has made, E_BUSY where files are to go that a run still needs or that are in use. */
  remove(id: string, files: boolean): void {
    const { record } = this.#parts.shelf.get(id);
    const run = files ? this.#parts.neededBy(record.path) : undefined;
    if (run !== undefined)
      throw new RankwiseError(
        'E_BUSY',
        `The run “${run}” still needs this adapter.`,
        'Finish or remove that run first.',
      );
    if (files) this.#parts.inUse.requireFree(record.path, record.name);
    this.#parts.shelf.remove(record);
    if (files) rmSync(record.path, { recursive: true, force: true });
    this.#changed();
  }

  /** ‖ΔW‖ of every layer. */
  async norms(id: string): Promise<{ layer: string; norm: number }[]> {
    const { path: adapter } = this.#parts.shelf.usable(id);
    const { layers } = await this.#parts.engine.start({ kind: 'norms', adapter }).result;
    return layers.map(({ name, norm }) => ({ layer: name, norm }));
  }

  #summary({ record, problem }: Entry<AdapterRecord>, models: readonly ModelRecord[]): AdapterSummary {
    const { id, name, origin, run, facts, lineage, baseName, baseHash, addedAt } = record;
    return {
      id,
      name,
      origin,
      ...facts,
      ...lineage,
      base: baseOf(record, models)?.id ?? null,
      baseName,
      baseHash,
      run,
      path: this.#parts.files.readable(record.path),
      addedAt,
      problem,
    };
  }

  #models(): ModelRecord[] {
    return this.#parts.models.all().map(({ record }) => record);
  }

  #changed(): void {
    this.#parts.notices.publish({ topic: 'changed', noun: 'adapters' });
  }
}

/** The path, or the first of path-2, path-3, … where nothing lies yet. */
function freePlace(wanted: string): string {
  for (let count = 1; ; count++) {
    const place = count === 1 ? wanted : `${wanted}-${count}`;
    if (!existsSync(place)) return place;
  }
}
