import { existsSync, mkdirSync } from 'node:fs';
import path from 'node:path';
import type { DataFormat, Mapping } from '../../preload/contract/datasets.ts';
import { hashFile, hashTexts } from '../data/content-hash.ts';
import { packDocuments, padDocuments } from '../data/packing.ts';
import type { Reading } from '../data/readers/row.ts';
import { openRows, type RowReading } from '../data/row-source.ts';
import { formatOf } from '../data/source.ts';
import { readDocuments } from '../data/text.ts';
import { checkTokensFile, writeTokensFile } from '../data/tokens-file.ts';
import type { Tokenizer } from '../data/tokenizer.ts';
import { readSafetensorsHeader } from '../formats/safetensors.ts';
import { prepareRows, requireTrainable } from './row-tokens.ts';
import { templateToKeep } from './tokenizers.ts';

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
  format: DataFormat;
  /** Columns and their roles; null for tokens and texts, which have none. */
  mapping: Mapping | null;
  /** Template that the rows were rendered with and that is not the model's own; null = there is none to keep. */
  template: string | null;
  /** Something that the user should know, such as documents that were cut. */
  notes: string[];
}

// Raised whenever the same text and tokenizer would give other tokens.
const CACHE_VERSION = 1;

/** Turns files into sequences of tokens. What it makes is kept by content, so a second run over the same data starts at once. */
export class DatasetService {
  readonly #cache: string;

  constructor(cache: string) {
    this.#cache = cache;
  }

  /** The format of a source; "auto" is told by its name and first bytes. Throws E_FORMAT for a folder of several formats. */
  formatOf(source: string, format: DataFormat | 'auto'): DataFormat {
    return formatOf(source, format);
  }

  /**
   * Sequences of a source. `tokenizer` is asked for only when there is text.
   * Throws E_DATA, E_TOKENS, E_FORMAT, E_MAPPING, E_TEMPLATE and what the tokenizer throws.
   */
  async prepare(
    source: string,
    format: DataFormat | 'auto',
    settings: Sequencing & RowReading,
    vocabSize: number,
    tokenizer: () => Tokenizer,
    reading: Reading = {},
  ): Promise<PreparedData> {
    const found = this.formatOf(source, format);
    if (found === 'tokens') {
      const { count, length } = checkTokensFile(source, vocabSize);
      return {
        ...plain(found),
        tokens: source,
        hash: await hashFile(source, reading),
        sequences: count,
        sequenceLength: length,
      };
    }
    if (found === 'text') return this.#prepareText(source, settings, tokenizer(), reading);
    const rows = await openRows(source, found, settings.mapping ?? null, settings.likely);
    const reader = tokenizer();
    const given = { ...settings, template: settings.template ?? 'auto', trainOn: settings.trainOn ?? 'completions' };
    const prepared = await prepareRows(rows, reader, given, this.#cache, reading);
    return {
      ...prepared,
      sequenceLength: settings.sequenceLength,
      format: found,
      mapping: rows.mapping,
      template: rows.kind === 'text' ? null : templateToKeep(given.template, reader),
    };
  }

  async #prepareText(
    source: string,
    { sequenceLength, packing }: Sequencing,
    reader: Tokenizer,
    reading: Reading,
  ): Promise<PreparedData> {
    const documents = readDocuments(source, reading);
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
      const encoded: Int32Array[] = [];
      for (const document of documents) encoded.push(await reader.encodeLong(document, reading));
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
    return { ...plain('text'), tokens, hash, sequences, sequenceLength, notes };
  }

  /** What planning needs to know of data: that it can be read and how long its sequences are. Nothing is tokenized. */
  async outline(
    source: string,
    format: DataFormat | 'auto',
    settings: { sequenceLength: number } & RowReading,
    vocabSize: number,
  ): Promise<PreparedData> {
    const found = this.formatOf(source, format);
    const { sequenceLength } = settings;
    if (found === 'tokens') {
      const { count, length } = checkTokensFile(source, vocabSize);
      return { ...plain(found), tokens: source, hash: '', sequences: count, sequenceLength: length };
    }
    const outlined = { ...plain(found), tokens: source, hash: '', sequences: 0, sequenceLength };
    if (found === 'text') {
      readDocuments(source);
      return outlined;
    }
    const rows = await openRows(source, found, settings.mapping ?? null, settings.likely);
    requireTrainable(rows);
    return { ...outlined, mapping: rows.mapping };
  }
}

const plain = (format: DataFormat): Pick<PreparedData, 'format' | 'mapping' | 'template' | 'notes'> => ({
  format,
  mapping: null,
  template: null,
  notes: [],
});
