import { createHash } from 'node:crypto';
import type { Mapping } from '../../preload/contract/datasets.ts';
import { RankwiseError } from '../../preload/contract/errors.ts';
import type { Run, RunFile } from '../../preload/contract/run-file.ts';
import type { Tokenizer } from '../data/tokenizer.ts';
import type { TokenFiles } from '../engine/host.ts';
import type { DataFormat, DatasetService, PreparedData, RowReading } from './datasets.ts';
import type { ResolvedModel } from './models.ts';
import { lazyTokenizer, requireTrainableVocabulary, type TokenizerService } from './tokenizers.ts';

/** A dataset of the library, as far as a run needs it. */
export interface KnownDataset {
  path: string;
  mapping: Mapping | null;
  template: string;
  trainOn: 'completions' | 'all';
}

/** Finds datasets of the library by their ids; undefined for what is no id of one. */
export type FindDataset = (id: string) => KnownDataset | undefined;

/** The data of a run, ready for the engine. */
export interface RunData {
  /** As it stands in the record: paths absolute, every setting written out. */
  record: Run['data'];
  tokens: TokenFiles;
  /** Folder of the tokenizer, where there is one. */
  tokenizerPlace: string | null;
  tokenizer: () => Tokenizer;
  /** Of training and evaluation data together. */
  dataHash: string;
  /** Of the training data; null where nothing was tokenized. */
  sequences: number | null;
  notes: string[];
}

/** Follows the data of a run file: paths and ids of the library, formats, columns, tokenizer and template. */
export class RunDataService {
  readonly #datasets: DatasetService;
  readonly #tokenizers: TokenizerService;
  readonly #find: FindDataset;

  constructor(datasets: DatasetService, tokenizers: TokenizerService, find: FindDataset = () => undefined) {
    this.#datasets = datasets;
    this.#tokenizers = tokenizers;
    this.#find = find;
  }

  /**
   * For a plan, data are looked at but not tokenized, and no tokenizer is trained unless prompts have to be measured.
   * @param input makes paths of the run file absolute
   */
  async resolve(
    file: RunFile,
    model: ResolvedModel,
    input: (given: string) => string,
    purpose: 'train' | 'plan',
  ): Promise<RunData> {
    const known = this.#find(file.data.train);
    const train = known?.path ?? input(file.data.train);
    const evaluation =
      typeof file.data.eval === 'string' ? (this.#find(file.data.eval)?.path ?? input(file.data.eval)) : file.data.eval;
    const settings = {
      mapping: file.data.mapping ?? known?.mapping ?? null,
      template: file.data.template === 'auto' ? (known?.template ?? 'auto') : file.data.template,
      trainOn: file.data.trainOn ?? known?.trainOn ?? 'completions',
    };
    const format = this.#datasets.formatOf(train, file.data.format);
    // A new model without a tokenizer gets one that is trained on its data.
    const trainsTokenizer = !model.tokenizer && format !== 'tokens' && model.initialize === 'random';
    if (trainsTokenizer) requireTrainableVocabulary(model.vocabSize);
    const needsTokenizer = purpose === 'train' || file.training.samples.length > 0;
    const place =
      model.tokenizer ??
      (trainsTokenizer && needsTokenizer
        ? await this.#tokenizers.train(train, model.vocabSize, format, settings)
        : null);
    const tokenizer = lazyTokenizer(place, model.vocabSize);

    const prepare = (source: string, as: DataFormat, reading: RowReading): Promise<PreparedData> => {
      const all = { ...file.data, ...reading };
      return purpose === 'plan'
        ? this.#datasets.outline(source, as, all, model.vocabSize)
        : this.#datasets.prepare(source, as, all, model.vocabSize, tokenizer);
    };
    const trained = await prepare(train, format, settings);
    const evaluated =
      typeof evaluation === 'string'
        ? await prepare(evaluation, 'auto', { ...settings, mapping: null, likely: trained.mapping })
        : null;
    if (evaluated && evaluated.sequenceLength !== trained.sequenceLength) {
      throw new RankwiseError(
        'E_DATA',
        `Sequences of ${evaluated.sequenceLength} tokens cannot evaluate a run on sequences of ${trained.sequenceLength}.`,
      );
    }
    return {
      record: {
        ...file.data,
        ...settings,
        train,
        eval: evaluation,
        format,
        mapping: trained.mapping,
        sequenceLength: trained.sequenceLength,
      },
      tokens: {
        train: trained.tokens,
        eval: evaluated?.tokens ?? null,
        evalFraction: typeof evaluation === 'object' ? (evaluation?.fraction ?? null) : null,
      },
      tokenizerPlace:
        place !== null && trained.template !== null ? this.#tokenizers.withTemplate(place, trained.template) : place,
      tokenizer,
      dataHash: createHash('sha256')
        .update(`${trained.hash} ${evaluated?.hash ?? ''}`)
        .digest('hex'),
      sequences: trained.sequences || null,
      notes: [...trained.notes, ...(evaluated?.notes ?? [])],
    };
  }
}
