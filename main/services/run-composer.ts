import { createHash } from 'node:crypto';
import { existsSync, statSync } from 'node:fs';
import path from 'node:path';
import { RankwiseError } from '../../preload/contract/errors.ts';
import type { Run, RunFile } from '../../preload/contract/run-file.ts';
import type { Tokenizer } from '../data/tokenizer.ts';
import type { TokenFiles } from '../engine/host.ts';
import { type DatasetService, lazyTokenizer, type PreparedData, requireTrainableVocabulary } from './datasets.ts';
import { memoryBudget } from './machine.ts';
import { type MethodService, resolveParameters } from './methods.ts';
import type { ModelService } from './models.ts';

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
  readonly #datasets: DatasetService;

  constructor(methods: MethodService, models: ModelService, datasets: DatasetService) {
    this.#methods = methods;
    this.#models = models;
    this.#datasets = datasets;
  }

  /** For a plan, texts are read but not tokenized, and no tokenizer is trained unless prompts have to be measured. */
  async compose(file: RunFile, origin: RunFileOrigin, purpose: 'train' | 'plan' = 'train'): Promise<ComposedRun> {
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
    const train = input(file.data.train);
    const evaluation = typeof file.data.eval === 'string' ? input(file.data.eval) : file.data.eval;
    const isText = this.#datasets.formatOf(train, file.data.format) === 'text';
    // A new model without a tokenizer gets one that is trained on its text.
    const trainsTokenizer = !model.tokenizer && isText && model.initialize === 'random';
    if (trainsTokenizer) requireTrainableVocabulary(model.vocabSize);
    const needsTokenizer = purpose === 'train' || file.training.samples.length > 0;
    const tokenizerPlace =
      model.tokenizer ??
      (trainsTokenizer && needsTokenizer ? this.#datasets.trainTokenizer(train, model.vocabSize) : null);
    const tokenizer = lazyTokenizer(tokenizerPlace, model.vocabSize);

    const prepare = (source: string, format: RunFile['data']['format']): Promise<PreparedData> =>
      purpose === 'plan'
        ? this.#datasets.outline(source, format, file.data, model.vocabSize)
        : this.#datasets.prepare(source, format, file.data, model.vocabSize, tokenizer);
    const trained = await prepare(train, file.data.format);
    const evaluated = typeof evaluation === 'string' ? await prepare(evaluation, 'auto') : null;
    if (evaluated && evaluated.sequenceLength !== trained.sequenceLength) {
      throw new RankwiseError(
        'E_DATA',
        `Sequences of ${evaluated.sequenceLength} tokens cannot evaluate a run on sequences of ${trained.sequenceLength}.`,
      );
    }

    const name = file.name ?? origin.name;
    const weights = storageOf(file.storage.weights, method.defaultStorage, method.storages, methodName);
    const run: Run = {
      ...file,
      name,
      model: model.record,
      initialize: model.initialize,
      data: {
        ...file.data,
        train,
        eval: evaluation,
        format: isText ? 'text' : 'tokens',
        sequenceLength: trained.sequenceLength,
      },
      method: { name: methodName, ...parameters },
      storage: { ...file.storage, weights },
      device: { ...file.device, memoryBudget: file.device.memoryBudget ?? memoryBudget() },
      output: path.resolve(origin.base, file.output ?? path.join('runs', name)),
    };
    return {
      run,
      tokens: {
        train: trained.tokens,
        eval: evaluated?.tokens ?? null,
        evalFraction: typeof evaluation === 'object' ? (evaluation?.fraction ?? null) : null,
      },
      tokenizerPlace,
      tokenizer,
      samples: file.training.samples.map((prompt) => ({ prompt, ids: tokenizer().encode(prompt) })),
      dataHash: createHash('sha256')
        .update(`${trained.hash} ${evaluated?.hash ?? ''}`)
        .digest('hex'),
      sequences: trained.sequences || null,
      notes: [...trained.notes, ...(evaluated?.notes ?? [])],
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
