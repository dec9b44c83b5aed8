import { mkdirSync, renameSync, rmSync } from 'node:fs';
import path from 'node:path';
import { RankwiseError } from '../../preload/contract/errors.ts';
import { copyFiles } from '../formats/copy-files.ts';
import { TOKENIZER_FILES } from '../formats/model-folder.ts';
import { readPassport, writePassport } from '../formats/passport.ts';
import { ADAPTER_CONFIG, ADAPTER_WEIGHTS, readPeftFolder, type PeftFolder } from '../formats/peft-folder.ts';
import type { AdapterLineage, AdapterRecord } from '../store/adapters.ts';
import type { ModelRecord } from '../store/models.ts';
import { candidatesOf } from './adapter-base.ts';
import type { AdapterShelf } from './adapter-shelf.ts';
import { partOf } from './folder-parts.ts';
import { freshId } from './ids.ts';
import type { ModelPlanner } from './model-planner.ts';
import type { ModelShelf } from './model-shelf.ts';
import type { Progress } from './tasks.ts';

/** The files of an adapter folder that are taken along. */
export const ADAPTER_FILES = [ADAPTER_CONFIG, ADAPTER_WEIGHTS, 'README.md', ...TOKENIZER_FILES];

/** Brings PEFT folders into the library: checked against their base by the engine, then copied. */
export class AdapterImport {
  readonly #shelf: AdapterShelf;
  readonly #models: ModelShelf;
  readonly #planner: ModelPlanner;
  readonly #folder: string;

  /** @param folder where imported adapters lie, one folder each */
  constructor(shelf: AdapterShelf, models: ModelShelf, planner: ModelPlanner, folder: string) {
    this.#shelf = shelf;
    this.#models = models;
    this.#planner = planner;
    this.#folder = folder;
  }

  /**
   * Copies a PEFT folder (progress in bytes); cancelled or refused, it leaves nothing behind.
   * @param base model of the library; null = as the adapter's config says. Throws E_BASE where that leads to none or to several,
   *   and what the engine refuses the pair for.
   */
  async import(folder: string, base: string | null, progress: Progress, signal: AbortSignal): Promise<AdapterRecord> {
    const source = path.resolve(folder);
    const peft = readPeftFolder(source);
    const passport = readPassport(source);
    const model = await this.#baseOf(source, peft, base, passport);
    const baseHash = await this.#models.hashOf(model);
    const name = textOf(passport?.name) ?? path.basename(source);
    const id = freshId(name, 'adapter');
    const place = path.join(this.#folder, id);
    const part = partOf(this.#folder, id);
    const lineage = lineageOf(passport);
    const addedAt = Date.now();
    try {
      await copyFiles(source, part, ADAPTER_FILES, progress, signal);
      const origin = { basePath: model.path, baseName: model.name, baseHash };
      writePassport(part, { kind: 'adapter', name, addedAt, ...origin, ...lineage });
      mkdirSync(this.#folder, { recursive: true });
      renameSync(part, place);
      return this.#shelf.enter({ id, name, origin: 'imported', path: place, run: null, lineage, ...origin, addedAt });
    } catch (error) {
      rmSync(part, { recursive: true, force: true });
      throw error;
    }
  }

  /** Throws what the engine refuses a pair of folders for. */
  async prove(adapter: string, base: string): Promise<void> {
    readPeftFolder(adapter);
    return this.#planner.proveAdapter(base, adapter);
  }

  /** An adapter that lies in the library's folder already. Throws what it is refused for. */
  takeBack(id: string): AdapterRecord {
    const place = path.join(this.#folder, id);
    const peft = readPeftFolder(place);
    const passport = readPassport(place);
    return this.#shelf.enter({
      id,
      name: textOf(passport?.name) ?? id,
      origin: 'imported',
      path: place,
      run: null,
      lineage: lineageOf(passport),
      basePath: textOf(passport?.basePath),
      baseName: textOf(passport?.baseName) ?? peft.base ?? 'unknown',
      baseHash: textOf(passport?.baseHash),
      addedAt: numberOf(passport?.addedAt) ?? Date.now(),
    });
  }

  async #baseOf(
    folder: string,
    peft: PeftFolder,
    given: string | null,
    passport: Record<string, unknown> | null,
  ): Promise<ModelRecord> {
    if (given !== null) {
      const model = this.#models.usable(given);
      await this.#planner.proveAdapter(model.path, folder);
      return model;
    }
    const models = this.#models.all().flatMap(({ record, problem }) => (problem ? [] : [record]));
    const hash = textOf(passport?.baseHash);
    const same = models.filter((model) => model.hash !== null && model.hash === hash);
    const candidates = same.length > 0 ? same.slice(0, 1) : peft.base ? candidatesOf(peft.base, folder, models) : [];
    if (candidates.length === 0) {
      throw new RankwiseError(
        'E_BASE',
        peft.base
          ? `The adapter was made for “${peft.base}”, which is not in the library.`
          : 'The adapter does not say which model it was made for.',
        'Choose its base model, or add that model first.',
      );
    }
    return this.#onlyFitting(folder, candidates);
  }

  // Of one candidate the engine's own words are told.
  async #onlyFitting(folder: string, candidates: ModelRecord[]): Promise<ModelRecord> {
    const fitting: ModelRecord[] = [];
    let refusal: unknown;
    for (const model of candidates) {
      try {
        await this.#planner.proveAdapter(model.path, folder);
        fitting.push(model);
      } catch (error) {
        refusal = error;
      }
    }
    if (fitting.length === 1) return fitting[0]!;
    if (fitting.length === 0) throw refusal;
    throw new RankwiseError(
      'E_BASE',
      `Several models of the library may be its base: ${fitting.map(({ name }) => name).join(', ')}.`,
      'Choose its base model.',
    );
  }
}

/** What a passport tells of an adapter's origin, as far as it is what it should be. */
function lineageOf(passport: Record<string, unknown> | null): AdapterLineage {
  const parents = Array.isArray(passport?.parents) ? (passport.parents as unknown[]) : [];
  return {
    method: textOf(passport?.method),
    data: textOf(passport?.data),
    evalLoss: numberOf(passport?.evalLoss),
    parents: parents.flatMap((parent) => {
      const { run, name } = (parent ?? {}) as { run?: unknown; name?: unknown };
      return typeof run === 'string' && typeof name === 'string' ? [{ run, name }] : [];
    }),
  };
}

const textOf = (value: unknown): string | null => (typeof value === 'string' && value.trim() !== '' ? value : null);
const numberOf = (value: unknown): number | null =>
  typeof value === 'number' && Number.isFinite(value) ? value : null;
