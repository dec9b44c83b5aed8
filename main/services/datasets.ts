import { existsSync, mkdirSync, writeFileSync, renameSync } from 'node:fs';
import path from 'node:path';
import { RankwiseError } from '../../preload/contract/errors.ts';
import type { RunFile } from '../../preload/contract/run-file.ts';
import { bpeTokenizerConfig, trainByteLevelBpe } from '../data/bpe-trainer.ts';
import { hashFile, hashTexts } from '../data/content-hash.ts';
import { packDocuments, padDocuments } from '../data/packing.ts';
import { readDocuments } from '../data/text.ts';
import { checkTokensFile, writeTokensFile } from '../data/tokens-file.ts';
import { loadTokenizer, type Tokenizer } from '../data/tokenizer.ts';
import { readSafetensorsHeader } from '../formats/safetensors.ts';

export type DataFormat = RunFile['data']['format'];

export interface Sequencing {
  sequenceLength: number;
  packing: boolean;
}

/** Data as the engine reads it. */
export interface PreparedData {
  /** A safetensors file with input_ids. */
  tokens: string;
  /** Of the tokens: the same hash, the same training data. */
  hash: string;
  sequences: number;
  sequenceLength: number;
  /** Something that the user should know, such as documents that were cut. */
  notes: string[];
}

// Raised whenever the same text and tokenizer would give other tokens.
const CACHE_VERSION = 1;
const LARGEST_TRAINED_VOCABULARY = 32000;
const SMALLEST_TRAINED_VOCABULARY = 257;

/** Turns files into sequences of tokens. What it makes is kept by content, so a second run over the same data starts at once. */
export class DatasetService {
  readonly #cache: string;

  constructor(cache: string) {
    this.#cache = cache;
  }

  /** The format of a source; "auto" is told by its name. Throws E_FORMAT for what cannot be read. */
  formatOf(source: string, format: DataFormat): 'text' | 'tokens' {
    const extension = path.extname(source).slice(1).toLowerCase();
    const detected =
      format !== 'auto'
        ? format
        : extension === 'safetensors'
          ? 'tokens'
          : ['jsonl', 'csv', 'parquet'].includes(extension)
            ? extension
            : 'text';
    if (detected === 'text' || detected === 'tokens') return detected;
    throw new RankwiseError(
      'E_FORMAT',
      `${source}: this version reads text and tokens, not ${detected}.`,
      'Convert the data to text (<|endoftext|> between documents) or to a tokens file.',
    );
  }

  /**
   * Sequences of a source. `tokenizer` is asked for only when there is text.
   * Throws E_DATA, E_TOKENS, E_FORMAT and what the tokenizer throws.
   */
  async prepare(
    source: string,
    format: DataFormat,
    { sequenceLength, packing }: Sequencing,
    vocabSize: number,
    tokenizer: () => Tokenizer,
  ): Promise<PreparedData> {
    if (this.formatOf(source, format) === 'tokens') {
      const { count, length } = checkTokensFile(source, vocabSize);
      return { tokens: source, hash: await hashFile(source), sequences: count, sequenceLength: length, notes: [] };
    }
    const documents = readDocuments(source);
    const reader = tokenizer();
    const hash = hashTexts([
      String(CACHE_VERSION),
      hashTexts(documents),
      reader.hash,
      String(sequenceLength),
      String(packing),
    ]);
    const tokens = path.join(this.#cache, 'tokens', `${hash}.safetensors`);
    const notes: string[] = [];
    if (!existsSync(tokens)) {
      const encoded = documents.map((document) => reader.encodeDocument(document));
      const padId = reader.endId ?? 0;
      const sequences = packing
        ? { ...packDocuments(encoded, sequenceLength, padId), cut: 0 }
        : padDocuments(encoded, sequenceLength, padId);
      if (sequences.cut > 0) {
        notes.push(
          `${sequences.cut} of ${documents.length} documents are longer than ${sequenceLength} tokens and were cut; "packing": true uses all of them.`,
        );
      }
      mkdirSync(path.dirname(tokens), { recursive: true });
      writeTokensFile(tokens, sequences);
    }
    const [sequences = 0] = readSafetensorsHeader(tokens).get('input_ids')?.shape ?? [];
    return { tokens, hash, sequences, sequenceLength, notes };
  }

  /** What planning needs to know of data: that it can be read and how long its sequences are. Nothing is tokenized. */
  async outline(
    source: string,
    format: DataFormat,
    settings: { sequenceLength: number },
    vocabSize: number,
  ): Promise<PreparedData> {
    if (this.formatOf(source, format) === 'tokens') {
      const { count, length } = checkTokensFile(source, vocabSize);
      return { tokens: source, hash: '', sequences: count, sequenceLength: length, notes: [] };
    }
    readDocuments(source);
    return { tokens: source, hash: '', sequences: 0, sequenceLength: settings.sequenceLength, notes: [] };
  }

  /** A tokenizer of one's own for a text, at most as large as the model's vocabulary. Resolves to its folder. */
  trainTokenizer(source: string, vocabSize: number): string {
    requireTrainableVocabulary(vocabSize);
    const documents = readDocuments(source);
    const size = Math.min(vocabSize, LARGEST_TRAINED_VOCABULARY);
    const folder = path.join(
      this.#cache,
      'tokenizers',
      hashTexts([String(CACHE_VERSION), hashTexts(documents), String(size)]),
    );
    if (!existsSync(path.join(folder, 'tokenizer.json'))) {
      mkdirSync(folder, { recursive: true });
      writeWhole(path.join(folder, 'tokenizer_config.json'), JSON.stringify(bpeTokenizerConfig, null, 2));
      writeWhole(path.join(folder, 'tokenizer.json'), JSON.stringify(trainByteLevelBpe(documents, size)));
    }
    return folder;
  }
}

/** Loads the tokenizer at its first use, once; throws E_TOKENIZER where there is none or it does not fit the model. */
export function lazyTokenizer(place: string | null, vocabSize: number): () => Tokenizer {
  let loaded: Tokenizer | undefined;
  return () => {
    if (loaded) return loaded;
    if (place === null) {
      throw new RankwiseError(
        'E_TOKENIZER',
        'The model has no tokenizer.json, which text needs.',
        'Name one with model.tokenizer, or feed a tokens file.',
      );
    }
    loaded = loadTokenizer(place);
    if (loaded.vocabSize > vocabSize) {
      throw new RankwiseError(
        'E_TOKENIZER',
        `The tokenizer at ${place} has ${loaded.vocabSize} tokens, the model only ${vocabSize}.`,
        'Name a tokenizer that belongs to the model.',
      );
    }
    return loaded;
  };
}

function writeWhole(file: string, text: string): void {
  const part = `${file}.${process.pid}.part`;
  writeFileSync(part, text);
  renameSync(part, file);
}

/** Throws E_TOKENIZER where a vocabulary is too small for the bytes themselves. */
export function requireTrainableVocabulary(vocabSize: number): void {
  if (vocabSize < SMALLEST_TRAINED_VOCABULARY) {
    throw new RankwiseError(
      'E_TOKENIZER',
      `A byte-level tokenizer has at least ${SMALLEST_TRAINED_VOCABULARY} tokens; the model's vocabulary has ${vocabSize}.`,
    );
  }
}
