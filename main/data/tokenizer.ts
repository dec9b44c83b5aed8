import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { Tokenizer as HuggingFaceTokenizer } from '@huggingface/tokenizers';
import { RankwiseError, reportOf } from '../../preload/contract/errors.ts';
import { readChatTemplate } from '../formats/chat-template-file.ts';
import { Breath } from './breath.ts';
import { hashTexts } from './content-hash.ts';
import type { Reading } from './readers/row.ts';
import { bpeTokenizerConfig, END_OF_TEXT } from './bpe-trainer.ts';

const PIECE = 2 ** 18;

/** Text to token ids and back, by a tokenizer.json. */
export class Tokenizer {
  /** Of the tokenizer's files: part of the key of everything that is made with it. */
  readonly hash: string;
  /** Ends a document; undefined where the tokenizer names no such token. */
  readonly endId: number | undefined;
  /** One more than the highest id. */
  readonly vocabSize: number;
  /** The special tokens that the settings name, as texts: bos_token, eos_token, … */
  readonly namedTokens: Readonly<Record<string, string>>;
  /** Texts of the tokens that are recognised whole wherever they are written, and whether they are special. */
  readonly addedTokens: ReadonlyMap<string, { special: boolean }>;
  /** Ids that the tokenizer puts before a text. */
  readonly leadingIds: readonly number[];
  /** How the text of a token is written in the vocabulary; null where it cannot be told. */
  readonly spelling: 'bytes' | 'spaces' | null;
  /** The chat template that lies beside it. */
  readonly ownTemplate: string | null;
  readonly #tokenizer: HuggingFaceTokenizer;
  readonly #inPieces: boolean;

  /** @param json text of tokenizer.json  @param configJson text of tokenizer_config.json */
  constructor(json: string, configJson: string, ownTemplate: string | null = null) {
    this.ownTemplate = ownTemplate;
    const parts = JSON.parse(json) as {
      normalizer: unknown;
      pre_tokenizer: unknown;
      added_tokens?: { content: string; special?: boolean }[];
    };
    const config = JSON.parse(configJson) as Record<string, unknown>;
    this.hash = hashTexts([json, configJson]);
    this.#tokenizer = new HuggingFaceTokenizer(parts, { ...config, clean_up_tokenization_spaces: false });
    keepByteOrderMarks(this.#tokenizer.decoder);
    const cuts = JSON.stringify([parts.normalizer ?? null, parts.pre_tokenizer ?? null]);
    this.spelling = cuts.includes('"ByteLevel"') ? 'bytes' : cuts.includes('▁') ? 'spaces' : null;
    this.#inPieces = !parts.normalizer && this.spelling === 'bytes';
    const named = namedTokensOf(config);
    this.addedTokens = new Map(
      (parts.added_tokens ?? []).map(({ content, special }) => [content, { special: special ?? false }]),
    );
    this.leadingIds = this.#leading();
    const names = [named.eos_token, END_OF_TEXT, '</s>', '<|end_of_text|>'];
    this.endId = names
      .map((name) => (name ? this.#tokenizer.token_to_id(name) : undefined))
      .find((id) => id !== undefined);
    const end = this.endId === undefined ? undefined : this.#tokenizer.id_to_token(this.endId);
    this.namedTokens = end === undefined ? named : { ...named, eos_token: end };
    this.vocabSize = 1 + [...this.#tokenizer.get_vocab(true).values()].reduce((a, b) => Math.max(a, b), -1);
  }

  /** Ids of a text with the special tokens that the tokenizer puts around it (a beginning-of-text token, for instance). */
  encode(text: string): number[] {
    return this.#tokenizer.encode(text, { add_special_tokens: true }).ids;
  }

  /** Tokens of a text in which every special token is written out, as chat templates write them. */
  encodeRendered(text: string): number[] {
    return this.spell(text).ids;
  }

  /** The tokens of a text, nothing added, and how they stand in the vocabulary. */
  spell(text: string): { ids: number[]; tokens: string[] } {
    return this.#tokenizer.encode(text, { add_special_tokens: false });
  }

  /** Ids of one document, ended by the end-of-text token. */
  encodeDocument(text: string): Int32Array {
    const ids: number[] = [];
    for (const piece of this.#pieces(text)) this.#append(ids, piece);
    return this.#ended(ids);
  }

  /** The same for a document of any length: it tells how far it is, and can be ended between two pieces. */
  async encodeLong(text: string, { onBytes, signal }: Reading): Promise<Int32Array> {
    const ids: number[] = [];
    const breath = new Breath();
    for (const piece of this.#pieces(text)) {
      this.#append(ids, piece);
      onBytes?.(Buffer.byteLength(piece));
      if (breath.due) await breath.take();
      signal?.throwIfAborted();
    }
    return this.#ended(ids);
  }

  #pieces(text: string): Iterable<string> {
    return this.#inPieces ? pieces(text) : [text];
  }

  #append(ids: number[], piece: string): void {
    const more = this.#tokenizer.encode(piece, { add_special_tokens: ids.length === 0 }).ids;
    for (const id of more) ids.push(id);
  }

  #ended(ids: number[]): Int32Array {
    if (this.endId !== undefined && ids.at(-1) !== this.endId) ids.push(this.endId);
    return Int32Array.from(ids);
  }

  decode(ids: number[]): string {
    if (ids.length === 0) return '';
    return this.#tokenizer.decode(ids, { skip_special_tokens: true, clean_up_tokenization_spaces: false });
  }

  /** How a token stands in the vocabulary. */
  nameOf(id: number): string {
    return this.#tokenizer.id_to_token(id) ?? '';
  }

  #leading(): number[] {
    const inner = this.spell('a').ids;
    const outer = this.encode('a');
    const at = outer.findIndex((_, i) => inner.every((id, j) => outer[i + j] === id));
    return outer.slice(0, Math.max(0, at));
  }
}

/** The library loses a byte order mark that is spelled in bytes (byte_fallback); Hugging Face's own tokenizers do not. */
function keepByteOrderMarks(decoder: HuggingFaceTokenizer['decoder']): void {
  if (!decoder) return;
  if ('text_decoder' in decoder) decoder.text_decoder = new TextDecoder('utf-8', { ignoreBOM: true });
  if ('decoders' in decoder) for (const part of decoder.decoders as (typeof decoder)[]) keepByteOrderMarks(part);
}

function namedTokensOf(config: Record<string, unknown>): Record<string, string> {
  const named: [string, string][] = [];
  for (const [name, value] of Object.entries(config)) {
    const text = typeof value === 'string' ? value : (value as { content?: unknown } | null)?.content;
    if (name.endsWith('_token') && typeof text === 'string') named.push([name, text]);
  }
  return Object.fromEntries(named);
}

/** The tokens that a folder's tokenizer_config.json names, as templates know them; none where it has none or a damaged one. */
export function readNamedTokens(folder: string): Record<string, string> {
  const file = path.join(folder, 'tokenizer_config.json');
  if (!existsSync(file)) return {};
  try {
    return namedTokensOf((JSON.parse(readFileSync(file, 'utf8')) ?? {}) as Record<string, unknown>);
  } catch {
    return {};
  }
}

/** @param place a tokenizer.json, or a folder that holds one. Throws E_TOKENIZER. */
export function loadTokenizer(place: string): Tokenizer {
  const file =
    path.basename(place) === 'tokenizer.json' || !existsSync(path.join(place, 'tokenizer.json'))
      ? place
      : path.join(place, 'tokenizer.json');
  const config = path.join(path.dirname(file), 'tokenizer_config.json');
  try {
    return new Tokenizer(
      readFileSync(file, 'utf8'),
      existsSync(config) ? readFileSync(config, 'utf8') : JSON.stringify(bpeTokenizerConfig),
      readChatTemplate(path.dirname(file)),
    );
  } catch (error) {
    throw new RankwiseError(
      'E_TOKENIZER',
      `The tokenizer at ${file} cannot be read: ${reportOf(error).message}.`,
      'Rankwise reads tokenizer.json, the fast format of Hugging Face.',
    );
  }
}

// A book in one call costs hundreds of megabytes. Byte-level tokenizers cut at a single line break between two visible
// characters, so cutting the text there changes no token.
function* pieces(text: string): Generator<string> {
  let start = 0;
  while (text.length - start > PIECE) {
    const cut = /\S\n(?=\S)/g;
    cut.lastIndex = start + PIECE;
    const found = cut.exec(text);
    if (!found) break;
    yield text.slice(start, cut.lastIndex);
    start = cut.lastIndex;
  }
  if (start < text.length || start === 0) yield text.slice(start);
}
