import { existsSync, statSync } from 'node:fs';
import path from 'node:path';
import { RankwiseError } from '../../preload/contract/errors.ts';
import type { Run, RunFile } from '../../preload/contract/run-file.ts';
import type { Tokenizer } from '../data/tokenizer.ts';
import type { TokenFiles } from '../engine/host.ts';
import type { DataWorkOptions } from './data-workers.ts';
import { memoryBudget } from './machine.ts';
import { type MethodService, resolveParameters } from './methods.ts';
import type { ModelService } from './models.ts';
import type { RunDataService } from './run-data.ts';

/** A run that is ready for the engine. */
export interface ComposedRun {
  run: Run;
  tokens: TokenFiles;
  /** Folder of the tokenizer, where there is one. */
  tokenizerPlace: string | null;
  tokenizer: () => Tokenizer;
  samples: { prompt: string; ids: number[] }[];
  /** Of training and evaluation data together. */
  dataHash: string;
  /** Of the training data; null where they are not counted yet. */
  sequences: number | null;
  notes: string[];
}

/** Where a run file came from: relative paths are meant from `base`, or else from the file's own folder. */
export interface RunFileOrigin {
  base: string;
  folder: string;
  /** Name of the run where the file gives none. */
  name: string;
}

/** Turns a run file into a run: checks it against registry, model and data, writes out every default, prepares the tokens. */
export class RunComposer {
  readonly #methods: MethodService;
  readonly #models: ModelService;
  readonly #data: RunDataService;

  constructor(methods: MethodService, models: ModelService, data: RunDataService) {
    this.#methods = methods;
    this.#models = models;
    this.#data = data;
  }

  /** For a plan, texts are read but not tokenized, and no tokenizer is trained. Aborting `work.signal` rejects with E_CANCELLED. */
  async compose(
    file: RunFile,
    origin: RunFileOrigin,
    purpose: 'train' | 'plan' = 'train',
    work: DataWorkOptions = {},
  ): Promise<ComposedRun> {
    const input = (given: string): string => {
      const fromBase = path.resolve(origin.base, given);
      const besideFile = path.resolve(origin.folder, given);
      return !existsSync(fromBase) && existsSync(besideFile) ? besideFile : fromBase;
    };
    const method = await this.#methods.find(file.method.name);
    const { name: methodName, ...given } = file.method;
    const parameters = resolveParameters(method, given);
    // The one path among the methods' settings.
    if (typeof parameters.initializeFrom === 'string')
      parameters.initializeFrom = adapterFolder(input(parameters.initializeFrom));
    const model = await this.#models.resolve(file.model, file.initialize, input);
    const data = await this.#data.resolve(file, model, input, purpose, work);
    const name = file.name ?? origin.name;
    const weights = storageOf(file.storage.weights, method.defaultStorage, method.storages, methodName);
    const run: Run = {
      ...file,
      name,
      model: model.record,
      initialize: model.initialize,
      data: data.record,
      method: { name: methodName, ...parameters },
      storage: { ...file.storage, weights },
      device: { ...file.device, memoryBudget: file.device.memoryBudget ?? memoryBudget() },
      output: path.resolve(origin.base, file.output ?? path.join('runs', name)),
    };
    return {
      run,
      tokens: data.tokens,
      tokenizerPlace: data.tokenizerPlace,
      tokenizer: data.tokenizer,
      samples: data.samples,
      dataHash: data.dataHash,
      sequences: data.sequences,
      notes: data.notes,
    };
  }
}

function storageOf(given: string | undefined, usual: string, possible: readonly string[], method: string): string {
  const storage = given ?? usual;
  if (possible.length === 0 || possible.includes(storage)) return storage;
  throw new RankwiseError(
    'E_METHOD',
    `storage.weights: ${method} does not train on “${storage}” weights.`,
    `Possible: ${possible.join(', ')}.`,
  );
}

function adapterFolder(folder: string): string {
  if (statSync(path.join(folder, 'adapter_config.json'), { throwIfNoEntry: false })) return folder;
  throw new RankwiseError(
    'E_ADAPTER',
    `method.initializeFrom: ${folder} is no PEFT adapter folder (adapter_config.json is missing).`,
  );
}
