import type { Mapping } from '../../preload/contract/datasets.ts';
import type { RunFile } from '../../preload/contract/run-file.ts';
import type { Tokenizer } from '../data/tokenizer.ts';
import type { DataWorkers, DataWorkOptions } from './data-workers.ts';
import type { ResolvedModel } from './models.ts';
import type { PreparedRunData } from './run-preparation.ts';
import { lazyTokenizer } from './tokenizers.ts';

/** A dataset of the library, as far as a run needs it. */
export interface KnownDataset {
  path: string;
  mapping: Mapping | null;
  template: string;
  trainOn: 'completions' | 'all';
}

/** Finds datasets of the library by their ids; undefined for what is no id of one. */
export type FindDataset = (id: string) => KnownDataset | undefined;

export interface RunData extends PreparedRunData {
  /** Of `tokenizerPlace`, loaded at its first use. */
  tokenizer: () => Tokenizer;
}

/** Follows the data of a run file: paths and ids of the library, formats, columns, tokenizer and template. */
export class RunDataService {
  readonly #workers: DataWorkers;
  readonly #cache: string;
  readonly #find: FindDataset;

  constructor(workers: DataWorkers, cache: string, find: FindDataset) {
    this.#workers = workers;
    this.#cache = cache;
    this.#find = find;
  }

  /**
   * For a plan, data are looked at but not tokenized, and no tokenizer is trained.
   * @param input makes paths of the run file absolute
   */
  async resolve(
    { data, training }: RunFile,
    model: ResolvedModel,
    input: (given: string) => string,
    purpose: 'train' | 'plan',
    options: DataWorkOptions,
  ): Promise<RunData> {
    const known = this.#find(data.train);
    const place = (given: string): string => this.#find(given)?.path ?? input(given);
    const request = {
      data: {
        ...data,
        train: place(data.train),
        eval: typeof data.eval === 'string' ? place(data.eval) : data.eval,
        mapping: data.mapping ?? known?.mapping ?? null,
        template: data.template === 'auto' ? (known?.template ?? 'auto') : data.template,
        trainOn: data.trainOn ?? known?.trainOn ?? ('completions' as const),
      },
      model: {
        folder: model.record.path,
        tokenizer: model.tokenizer,
        vocabSize: model.vocabSize,
        initialize: model.initialize,
      },
      prompts: training.samples,
      purpose,
      cache: this.#cache,
    };
    const prepared = await this.#workers.do('runData', request, options);
    return { ...prepared, tokenizer: lazyTokenizer(prepared.tokenizerPlace, model.vocabSize, model.record.path) };
  }
}
