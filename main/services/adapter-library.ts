import { existsSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { AdapterSummary } from '../../preload/contract/adapters.ts';
import { RankwiseError } from '../../preload/contract/errors.ts';
import type { EngineHost } from '../engine/host.ts';
import { adapterCard } from '../formats/adapter-card.ts';
import { copyFiles } from '../formats/copy-files.ts';
import { readPassport, writePassport } from '../formats/passport.ts';
import { ADAPTER_CONFIG, readPeftFolder } from '../formats/peft-folder.ts';
import type { AdapterRecord } from '../store/adapters.ts';
import type { ModelRecord } from '../store/models.ts';
import { baseHasChanged, baseOf } from './adapter-base.ts';
import { ADAPTER_FILES, type AdapterImport } from './adapter-import.ts';
import type { AdapterShelf } from './adapter-shelf.ts';
import type { FileService } from './files.ts';
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
    const summary = this.get(id);
    const base = baseOf(record, this.#models());
    const place = freePlace(path.join(folder, slugOf(record.name, 'adapter')));
    try {
      await copyFiles(record.path, place, ADAPTER_FILES, progress, signal);
      // Where the base lay on this machine says nothing elsewhere; a name of the Hub does.
      const { config, base: named } = readPeftFolder(place);
      const told = named === null || path.isAbsolute(named) ? record.baseName : named;
      const written = { ...config, base_model_name_or_path: told };
      writeFileSync(path.join(place, ADAPTER_CONFIG), `${JSON.stringify(written, null, 2)}\n`);
      const { name, run, method, data, evalLoss, parents, baseName, baseHash } = summary;
      writePassport(place, { kind: 'adapter', name, run, method, data, evalLoss, parents, baseName, baseHash });
      if (!existsSync(path.join(place, 'README.md')))
        writeFileSync(path.join(place, 'README.md'), adapterCard(summary, base?.facts.licence ?? null));
    } catch (error) {
      rmSync(place, { recursive: true, force: true });
      throw error;
    }
    return place;
  }

  rename(id: string, name: string): AdapterSummary {
    const { record } = this.#parts.shelf.get(id);
    const renamed = this.#parts.shelf.rename(record, name);
    if (record.origin === 'imported' && existsSync(record.path))
      writePassport(record.path, { ...readPassport(record.path), name: renamed.name });
    this.#changed();
    return this.get(id);
  }

  /** Throws E_OWNED for what a run has made, E_BUSY where files are to go that a run still needs. */
  remove(id: string, files: boolean): void {
    const { record } = this.#parts.shelf.get(id);
    const run = files ? this.#parts.neededBy(record.path) : undefined;
    if (run !== undefined)
      throw new RankwiseError(
        'E_BUSY',
        `The run “${run}” still needs this adapter.`,
        'Finish or remove that run first.',
      );
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
