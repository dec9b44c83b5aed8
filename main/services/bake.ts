import { renameSync, rmSync } from 'node:fs';
import path from 'node:path';
import { RankwiseError } from '../../preload/contract/errors.ts';
import type { BakeReceipt, BakeRecipe, ModelSummary } from '../../preload/contract/models.ts';
import type { EngineHost, JobResults } from '../engine/host.ts';
import { writePassport } from '../formats/passport.ts';
import type { AdapterRecord } from '../store/adapters.ts';
import type { ModelRecord } from '../store/models.ts';
import type { AdapterLibrary } from './adapter-library.ts';
import { doJob } from './engine-job.ts';
import { partOf } from './folder-parts.ts';
import { fold } from './fold.ts';
import type { FoldersInUse } from './folders-in-use.ts';
import { heldOutPrompts } from './held-out-prompts.ts';
import { freshId } from './ids.ts';
import type { ModelLibrary } from './model-library.ts';
import type { ModelShelf } from './model-shelf.ts';
import type { SettingsService } from './settings.ts';
import type { Progress } from './tasks.ts';

export interface BakeRequest {
  /** Of the adapter. */
  id: string;
  /** 1 = as trained. */
  scale: number;
  /** Of the new model. */
  name: string;
  dtype: BakeRecipe['dtype'];
}

/** Folds adapters into their bases and says how exact that was. */
export class BakeService {
  readonly #engine: EngineHost;
  readonly #adapters: AdapterLibrary;
  readonly #models: ModelShelf;
  readonly #library: ModelLibrary;
  readonly #settings: SettingsService;
  readonly #inUse: FoldersInUse;
  readonly #folder: string;

  /** @param folder where models that merges made lie, one folder each */
  constructor(
    engine: EngineHost,
    adapters: AdapterLibrary,
    models: ModelShelf,
    library: ModelLibrary,
    settings: SettingsService,
    inUse: FoldersInUse,
    folder: string,
  ) {
    this.#engine = engine;
    this.#adapters = adapters;
    this.#models = models;
    this.#library = library;
    this.#settings = settings;
    this.#inUse = inUse;
    this.#folder = folder;
  }

  /**
   * Writes base + scale · adapter as a new model of the library (progress in tensors), opens it again and compares its logits with
   * those of the two side by side. Failed or cancelled, nothing is left. Throws E_BASE, E_DISK, E_RECEIPT, and what the
   * engine throws.
   */
  async bake(request: BakeRequest, progress: Progress, signal: AbortSignal): Promise<ModelSummary> {
    const { adapter, base } = this.#adapters.pair(request.id);
    return this.#inUse.during([adapter.path, base.path], 'an adapter is being baked', () =>
      this.#bake(request, adapter, base, progress, signal),
    );
  }

  async #bake(
    { scale, name, dtype }: BakeRequest,
    adapter: AdapterRecord,
    base: ModelRecord,
    progress: Progress,
    signal: AbortSignal,
  ): Promise<ModelSummary> {
    const baseHash = await this.#models.hashOf(base);
    const model = freshId(name, 'model');
    const part = partOf(this.#folder, model);
    const pair = { model: base.path, adapter: adapter.path, adapterScale: scale, ...this.#bounds() };
    try {
      await fold(this.#engine, { ...pair, dtype }, part, progress, signal);
      const ids = heldOutPrompts(base.path);
      const compared = await doJob(
        this.#engine,
        { kind: 'logits-compare', ...pair, other: part, precision: 'f32', storage: 'dense', ids },
        () => undefined,
        signal,
      );
      signal.throwIfAborted();
      const receipt = receiptOf(compared);
      const recipe = {
        base: base.id,
        baseName: base.name,
        baseHash,
        adapter: adapter.id,
        adapterName: adapter.name,
        scale,
        dtype,
      };
      const merge = { name, madeAt: Date.now(), recipe, receipt };
      writePassport(part, { kind: 'model', ...merge });
      renameSync(part, path.join(this.#folder, model));
      return this.#library.enterBaked(model, merge);
    } catch (error) {
      rmSync(part, { recursive: true, force: true });
      throw error;
    }
  }

  #bounds(): { threads: number; memoryBudget: number } {
    return { threads: this.#settings.threads(), memoryBudget: this.#settings.budgetBytes() };
  }
}

function receiptOf(compared: JobResults['logits-compare']): BakeReceipt {
  const { maxDifference, meanDifference, agreement, positions } = compared;
  if (Number.isFinite(maxDifference)) return { maxDifference, meanDifference, agreement, positions };
  throw new RankwiseError(
    'E_RECEIPT',
    'The model that was written does not compute numbers, so it was not kept.',
    'The adapter or its base is damaged, or the scale is too large.',
  );
}
