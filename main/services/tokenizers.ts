import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { DataFormat } from '../../preload/contract/datasets.ts';
import { RankwiseError, reportOf } from '../../preload/contract/errors.ts';
import { bpeTokenizerConfig, trainByteLevelBpe } from '../data/bpe-trainer.ts';
import { ChatTemplate, chatTemplateOf } from '../data/chat-template.ts';
import { hashTexts } from '../data/content-hash.ts';
import { lettersOf } from '../data/example-text.ts';
import type { Reading } from '../data/readers/row.ts';
import { hashSource, openRows, readExamples, type RowReading, type RowSource } from '../data/row-source.ts';
import { formatOf } from '../data/source.ts';
import { readDocuments } from '../data/text.ts';
import { loadTokenizer, type Tokenizer } from '../data/tokenizer.ts';
import { missingTokenizer } from '../formats/missing-tokenizer.ts';
import { copyTokenizerFiles, TOKENIZER_FILES } from '../formats/model-folder.ts';
import { partOf } from '../formats/part-name.ts';

// Raised whenever the same text would give another tokenizer.
const CACHE_VERSION = 1;
const LARGEST_TRAINED_VOCABULARY = 32000;
const SMALLEST_TRAINED_VOCABULARY = 257;
// Of rows, the first so many characters are what a tokenizer is trained on: more change its tokens little.
const MOST_CHARACTERS = 64e6;
const TEMPLATE_FILE = 'chat_template.jinja';

/** Makes tokenizers for models that have none, and keeps them by what they were made of. */
export class TokenizerService {
  readonly #folder: string;

  constructor(cache: string) {
    this.#folder = path.join(cache, 'tokenizers');
  }

  /** A tokenizer for data, at most as large as the model's vocabulary. Resolves to its folder. */
  async train(
    source: string,
    vocabSize: number,
    format: DataFormat | 'auto',
    settings: RowReading,
    reading: Reading = {},
  ): Promise<string> {
    requireTrainableVocabulary(vocabSize);
    const size = Math.min(vocabSize, LARGEST_TRAINED_VOCABULARY);
    const found = formatOf(source, format);
    if (found === 'text') {
      const documents = readDocuments(source, reading);
      const key = [String(CACHE_VERSION), hashTexts(documents), String(size)];
      return this.#make(key, size, () => Promise.resolve(documents), null);
    }
    const rows = await openRows(source, found, settings.mapping ?? null);
    const template = rows.kind === 'text' ? null : templateToKeep(settings.template ?? 'auto', null);
    const mapping = JSON.stringify(Object.entries(rows.mapping).sort());
    const key = [
      'rows',
      String(CACHE_VERSION),
      await hashSource(rows.source, reading),
      mapping,
      template ?? 'none',
      String(size),
    ];
    return this.#make(key, size, () => lettersOfRows(rows, template, reading), template);
  }

  /** A folder with the same tokenizer and a chat template beside it, so that it travels with what is trained. */
  withTemplate(place: string, template: string): string {
    const from = path.basename(place) === 'tokenizer.json' ? path.dirname(place) : place;
    const files = TOKENIZER_FILES.map((name) => path.join(from, name)).filter((file) => existsSync(file));
    const contents = files.flatMap((file) => [path.basename(file), readFileSync(file, 'utf8')]);
    const folder = path.join(this.#folder, hashTexts(['template', template, ...contents]));
    if (!existsSync(path.join(folder, TEMPLATE_FILE))) {
      copyTokenizerFiles(from, folder);
      writeWhole(path.join(folder, TEMPLATE_FILE), template);
    }
    return folder;
  }

  async #make(key: string[], size: number, texts: () => Promise<string[]>, template: string | null): Promise<string> {
    const folder = path.join(this.#folder, hashTexts(key));
    if (!existsSync(path.join(folder, 'tokenizer.json'))) {
      const trained = trainByteLevelBpe(await texts(), size);
      const config = template === null ? bpeTokenizerConfig : { ...bpeTokenizerConfig, chat_template: template };
      mkdirSync(folder, { recursive: true });
      writeWhole(path.join(folder, 'tokenizer_config.json'), JSON.stringify(config, null, 2));
      writeWhole(path.join(folder, 'tokenizer.json'), JSON.stringify(trained));
    }
    return folder;
  }
}

/** The template that a setting means, where it does not lie beside the tokenizer already. */
export function templateToKeep(setting: string, tokenizer: Tokenizer | null): string | null {
  const own = tokenizer?.ownTemplate ?? null;
  const text = chatTemplateOf(setting, own, tokenizer?.namedTokens ?? {})?.text ?? null;
  return text === own ? null : text;
}

/** Loads the tokenizer of a model (its folder) at its first use, once; throws E_TOKENIZER where there is none or it does not fit the model. */
export function lazyTokenizer(place: string | null, vocabSize: number, model: string | undefined): () => Tokenizer {
  let loaded: Tokenizer | undefined;
  return () => {
    if (loaded) return loaded;
    if (place === null) throw missingTokenizer(model, 'Name one with model.tokenizer, or feed a tokens file.');
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

/** Throws E_TOKENIZER where a vocabulary is too small for the bytes themselves. */
export function requireTrainableVocabulary(vocabSize: number): void {
  if (vocabSize < SMALLEST_TRAINED_VOCABULARY) {
    throw new RankwiseError(
      'E_TOKENIZER',
      `A byte-level tokenizer has at least ${SMALLEST_TRAINED_VOCABULARY} tokens; the model's vocabulary has ${vocabSize}.`,
    );
  }
}

async function lettersOfRows(rows: RowSource, text: string | null, reading: Reading): Promise<string[]> {
  const template = text === null ? null : new ChatTemplate(text, 'the template', {});
  const texts: string[] = [];
  let characters = 0;
  for await (const { example } of readExamples(rows, reading)) {
    try {
      texts.push(lettersOf(example, template));
    } catch (error) {
      // What the template refuses is no row of the training either, and told there.
      if (reportOf(error).code !== 'E_TEMPLATE') throw error;
      continue;
    }
    characters += texts.at(-1)!.length;
    if (characters > MOST_CHARACTERS) break;
  }
  return texts;
}

function writeWhole(file: string, text: string): void {
  const part = partOf(file);
  writeFileSync(part, text);
  renameSync(part, file);
}
