import { createHash } from 'node:crypto';
import path from 'node:path';
import type { DataFormat, Mapping } from '../../preload/contract/datasets.ts';
import { RankwiseError } from '../../preload/contract/errors.ts';
import type { Run, RunFile } from '../../preload/contract/run-file.ts';
import { byteIds } from '../data/bpe-trainer.ts';
import type { TokenFiles } from '../engine/host.ts';
import type { RowReading } from '../data/row-source.ts';
import { openSource } from '../data/source.ts';
import type { Stages } from './data-stages.ts';
import { DatasetService, type PreparedData } from './datasets.ts';
import type { ResolvedModel } from './models.ts';
import { lazyTokenizer, requireTrainableVocabulary, TokenizerService } from './tokenizers.ts';

/** The data of a run file with every path absolute, and what they are for. */
export interface RunDataRequest {
  data: Omit<RunFile['data'], 'mapping' | 'trainOn'> & { mapping: Mapping | null; trainOn: 'completions' | 'all' };
  model: Pick<ResolvedModel, 'tokenizer' | 'vocabSize' | 'initialize'> & { folder: string | undefined };
  /** Texts that are wanted as tokens. */
  prompts: string[];
  /** For a plan, data are looked at but not tokenized, and no tokenizer is trained. */
  purpose: 'train' | 'plan';
  /** Folder for what is made. */
  cache: string;
}

/** The data of a run, ready for the engine. */
export interface PreparedRunData {
  /** As it stands in the record: every setting written out. */
  record: Run['data'];
  tokens: TokenFiles;
  /** Folder of the tokenizer, where there is one. */
  tokenizerPlace: string | null;
  samples: { prompt: string; ids: number[] }[];
  /** Of training and evaluation data together. */
  dataHash: string;
  /** Of the training data; null where nothing was tokenized. */
  sequences: number | null;
  notes: string[];
}

/** Turns the data of a run into tokens of the cache, with a tokenizer of their own where a new model has none. */
export async function prepareRunData(
  { data, model, prompts, purpose, cache }: RunDataRequest,
  stages: Stages,
): Promise<PreparedRunData> {
  const datasets = new DatasetService(cache);
  const tokenizers = new TokenizerService(cache);
  const { train, eval: evaluation, mapping, template, trainOn } = data;
  const settings = { mapping, template, trainOn };
  const format = datasets.formatOf(train, data.format);
  const trainsTokenizer = !model.tokenizer && format !== 'tokens' && model.initialize === 'random';
  if (trainsTokenizer) requireTrainableVocabulary(model.vocabSize);
  const place =
    trainsTokenizer && purpose === 'train'
      ? await tokenizers.train(
          train,
          model.vocabSize,
          format,
          settings,
          stages.begin(`Making a tokenizer from ${path.basename(train)}`, bytesOf(train, format)),
        )
      : model.tokenizer;
  const tokenizer = lazyTokenizer(place, model.vocabSize, model.folder);

  const prepare = (source: string, as: DataFormat | 'auto', reading: RowReading): Promise<PreparedData> => {
    const all = { ...data, ...reading };
    if (purpose === 'plan') return datasets.outline(source, as, all, model.vocabSize);
    const found = datasets.formatOf(source, as);
    const stage = stages.begin(`Tokenizing ${path.basename(source)}`, bytesOf(source, found));
    return datasets.prepare(source, found, all, model.vocabSize, tokenizer, stage);
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
  // Before its tokenizer is there, a prompt is as long as its bytes: no byte-level tokenizer makes more of it.
  const encode = (text: string): number[] =>
    trainsTokenizer && place === null ? byteIds(text) : tokenizer().encode(text);
  return {
    record: { ...data, format, mapping: trained.mapping, sequenceLength: trained.sequenceLength },
    tokens: {
      train: trained.tokens,
      eval: evaluated?.tokens ?? null,
      evalFraction: typeof evaluation === 'object' ? (evaluation?.fraction ?? null) : null,
    },
    tokenizerPlace:
      place !== null && trained.template !== null ? tokenizers.withTemplate(place, trained.template) : place,
    samples: prompts.map((prompt) => ({ prompt, ids: encode(prompt) })),
    dataHash: createHash('sha256')
      .update(`${trained.hash} ${evaluated?.hash ?? ''}`)
      .digest('hex'),
    sequences: trained.sequences || null,
    notes: [...trained.notes, ...(evaluated?.notes ?? [])],
  };
}

/** What a preparation goes through: tokens are hashed, everything else is read for its hash and once more for what it says. */
function bytesOf(source: string, format: DataFormat): number {
  return openSource(source, format).bytes * (format === 'tokens' ? 1 : 2);
}
