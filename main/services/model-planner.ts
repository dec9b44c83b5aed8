import { RankwiseError } from '../../preload/contract/errors.ts';
import type { MemoryPlan } from '../../preload/contract/events.ts';
import type { Method } from '../../preload/contract/methods.ts';
import type { Fit } from '../../preload/contract/models.ts';
import { parseRunFile, type Run } from '../../preload/contract/run-file.ts';
import type { EngineHost } from '../engine/host.ts';
import { type MethodService, resolveParameters } from './methods.ts';
import type { SettingsService } from './settings.ts';

/** What of a run's settings is not left at its default. */
export interface PlanShape {
  sequenceLength: number;
  microBatch: number;
  budgetBytes: number | null;
}

const SMALLEST: PlanShape = { sequenceLength: 2, microBatch: 1, budgetBytes: null };

/** Plans of models before there are data: what fits, and whether a folder or an adapter can be used at all. */
export class ModelPlanner {
  readonly #engine: EngineHost;
  readonly #methods: MethodService;
  readonly #settings: SettingsService;

  constructor(engine: EngineHost, methods: MethodService, settings: SettingsService) {
    this.#engine = engine;
    this.#methods = methods;
    this.#settings = settings;
  }

  /** What every method takes, in the order of the registry. */
  async fits(model: Run['model'], shape: PlanShape, initialize?: Run['initialize']): Promise<Fit[]> {
    const { methods } = await this.#methods.registry();
    const fits: Fit[] = [];
    for (const method of methods) fits.push(await this.#fit(model, method, shape, initialize));
    return fits;
  }

  /** What every method takes, by a folder's config alone: weights take the same memory whatever is in them. */
  fitsConfig(folder: string, shape: PlanShape): Promise<Fit[]> {
    return this.fits({ path: folder }, shape, 'random');
  }

  /**
   * The engine reads config and weight headers of a folder as for a training. Throws what it throws: an architecture that it does
   * not know, weights that are missing or of another shape.
   */
  async proveModel(folder: string): Promise<void> {
    const { methods } = await this.#methods.registry();
    await this.#plan({ path: folder }, methods[0]!, {}, SMALLEST);
  }

  /** The engine reads a folder's config alone, as for a training from random weights. Throws what it throws: an architecture that it does not know. */
  async proveConfig(folder: string): Promise<void> {
    const { methods } = await this.#methods.registry();
    await this.#plan({ path: folder }, methods[0]!, {}, SMALLEST, 'random');
  }

  /** The engine lays an adapter over a base as for going on with it. Throws what it throws: other shapes, layers, types. */
  async proveAdapter(base: string, adapter: string): Promise<void> {
    const { methods } = await this.#methods.registry();
    const method = methods.find((each) => each.parameters.some(({ name }) => name === STARTS_FROM));
    if (!method) throw new RankwiseError('E_ADAPTER', 'This engine reads no adapters.');
    await this.#plan({ path: base }, method, { [STARTS_FROM]: adapter }, SMALLEST);
  }

  async #fit(model: Run['model'], method: Method, shape: PlanShape, initialize?: Run['initialize']): Promise<Fit> {
    const { name, title } = method;
    try {
      const plan = await this.#plan(model, method, {}, shape, initialize);
      return { method: name, title, planBytes: plan.planBytes, fits: plan.fits, error: null };
    } catch (error) {
      if (!(error instanceof RankwiseError)) throw error;
      const { code, message, hint } = error;
      return { method: name, title, planBytes: 0, fits: false, error: { code, message, hint } };
    }
  }

  #plan(
    model: Run['model'],
    method: Method,
    given: Record<string, unknown>,
    shape: PlanShape,
    initialize: Run['initialize'] = model.preset === undefined ? 'pretrained' : 'random',
  ): Promise<MemoryPlan> {
    const file = parseRunFile({
      model,
      data: { train: 'none', sequenceLength: shape.sequenceLength },
      method: { name: method.name },
      training: { microBatch: shape.microBatch },
    });
    const run: Run = {
      ...file,
      name: 'plan',
      initialize,
      method: { name: method.name, ...resolveParameters(method, given) },
      storage: { ...file.storage, weights: method.defaultStorage },
      device: {
        ...file.device,
        memoryBudget: shape.budgetBytes ?? this.#settings.budgetBytes(),
        threads: this.#settings.threads(),
      },
      output: '',
    };
    return this.#engine.start({
      kind: 'plan',
      run,
      runId: '',
      tokens: { train: '', eval: null, evalFraction: null },
      outputDir: '',
      resume: false,
      samples: [],
      sampleTokens: run.training.sampleTokens,
    }).result;
  }
}

/** The methods' setting that names an adapter folder. */
const STARTS_FROM = 'initializeFrom';
