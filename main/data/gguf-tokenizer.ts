import { readFileSync } from 'node:fs';
import { RankwiseError } from '../../preload/contract/errors.ts';
import type { GgufKey } from '../../preload/contract/exports.ts';
import { byteCharacters } from './byte-alphabet.ts';
import { loadTokenizer, type Tokenizer } from './tokenizer.ts';
import { stopTokens } from '../formats/generation-config.ts';
import { missingTokenizer } from '../formats/missing-tokenizer.ts';
import type { ModelFolder } from '../formats/model-folder.ts';
import { preTokenizerName } from './pre-tokenizer-name.ts';

export interface GgufTokenizer {
  keys: GgufKey[];
  preTokenizer: string;
  tokens: number;
  merges: number;
  chatTemplate: string | null;
  /** What readers of the file do otherwise, in words. */
  notes: string[];
}

/** What the format calls the kinds of tokens. */
const KIND = { normal: 1, control: 3, ownText: 4, unused: 5 };

interface Added {
  id: number;
  content: string;
  special?: boolean;
  lstrip?: boolean;
  rstrip?: boolean;
  single_word?: boolean;
}
interface TokenizerFile {
  normalizer: { type?: string } | null;
  pre_tokenizer: unknown;
  added_tokens?: Added[];
  model: { type?: string; vocab: Record<string, number>; merges: (string | [string, string])[] } & Record<
    string,
    unknown
  >;
}

/**
 * The keys of a GGUF file that make up a byte-level BPE tokenizer, chat template included. Throws E_TOKENIZER for another kind, and for
 * what readers of the format would cut otherwise.
 */
export function ggufTokenizer(folder: ModelFolder): GgufTokenizer {
  if (folder.tokenizer === null) throw missingTokenizer(folder.path, 'A GGUF file holds its model’s tokenizer.');
  const file = JSON.parse(readFileSync(folder.tokenizer, 'utf8')) as TokenizerFile;
  const tokenizer = loadTokenizer(folder.tokenizer);
  requireByteLevel(file);
  const preTokenizer = preTokenizerName(file.pre_tokenizer, file.model.ignore_merges === true);
  const { tokens, kinds } = vocabularyOf(file, folder.vocabSize);
  const merges = file.model.merges.map((merge) => (typeof merge === 'string' ? merge : merge.join(' ')));
  const chatTemplate = tokenizer.ownTemplate;
  const { keys: special, notes } = specialTokens(folder, tokenizer, tokens);
  if (file.normalizer?.type === 'NFC')
    notes.push('Text that is not in Unicode’s composed form (NFC) is cut as it stands by readers of GGUF files.');
  const keys: GgufKey[] = [
    { key: 'tokenizer.ggml.model', type: 'text', value: 'gpt2' },
    { key: 'tokenizer.ggml.pre', type: 'text', value: preTokenizer },
    { key: 'tokenizer.ggml.tokens', type: 'texts', value: tokens },
    { key: 'tokenizer.ggml.token_type', type: 'i32s', value: kinds },
    { key: 'tokenizer.ggml.merges', type: 'texts', value: merges },
    ...special,
  ];
  if (chatTemplate !== null) keys.push({ key: 'tokenizer.chat_template', type: 'text', value: chatTemplate });
  return { keys, preTokenizer, tokens: tokens.length, merges: merges.length, chatTemplate, notes };
}

function refuse(why: string): never {
  throw new RankwiseError(
    'E_TOKENIZER',
    `The tokenizer of this model cannot be written into a GGUF file: ${why}.`,
    'GGUF is written for byte-level BPE tokenizers (Llama 3, Qwen, SmolLM, GPT-2 and those trained here). Export the model as safetensors.',
  );
}

function requireByteLevel({ normalizer, model }: TokenizerFile): void {
  if (model.type !== 'BPE') refuse(`it is ${model.type ?? 'of an unknown kind'}, not BPE`);
  if (model.byte_fallback === true) refuse('it is SentencePiece’s BPE, which spells in pieces and not in bytes');
  if (normalizer && normalizer.type !== 'NFC') refuse(`it changes text before cutting it (${normalizer.type})`);
  for (const key of ['continuing_subword_prefix', 'end_of_word_suffix', 'dropout'])
    if (model[key]) refuse(`it has ${key}`);
}

function vocabularyOf({ model, added_tokens: added = [] }: TokenizerFile, size: number) {
  const tokens = Array.from({ length: size }, (_, id) => `[PAD${id}]`);
  const kinds = Array.from({ length: size }, () => KIND.unused);
  const put = (id: number, text: string, kind: number): void => {
    if (id >= size) refuse(`it has the token ${id}, and the model ${size} tokens`);
    tokens[id] = text;
    kinds[id] = kind;
  };
  for (const [text, id] of Object.entries(model.vocab)) put(id, text, KIND.normal);
  for (const { id, content, special, lstrip, rstrip, single_word: word } of added) {
    if (lstrip || rstrip || word) refuse(`its token ${content} takes the spaces around it or needs to be a word`);
    put(id, content, special || /^<\|.*\|>$/.test(content) ? KIND.control : KIND.ownText);
  }
  const bytes = new Set(byteCharacters);
  const foreign = tokens.find((text, id) => kinds[id] === KIND.normal && ![...text].every((each) => bytes.has(each)));
  if (foreign !== undefined) refuse(`its token ${foreign} is not spelled in bytes`);
  if (new Set(tokens).size !== tokens.length) refuse('two of its tokens have the same text');
  return { tokens, kinds };
}

function specialTokens(folder: ModelFolder, tokenizer: Tokenizer, tokens: readonly string[]) {
  const keys: GgufKey[] = [];
  const notes: string[] = [];
  const put = (name: string, value: number | undefined): void => {
    if (value !== undefined && value >= 0) keys.push({ key: `tokenizer.ggml.${name}_token_id`, type: 'u32', value });
  };
  const named = (name: string): number | undefined => {
    const text = tokenizer.namedTokens[name];
    return text === undefined ? undefined : tokens.indexOf(text);
  };
  const end = tokenizer.endId;
  if (end === undefined) refuse('it names no token that ends a text');
  const told = folder.config.bos_token_id;
  const begin = named('bos_token') ?? (Number.isInteger(told) && Number(told) < tokens.length ? Number(told) : end);
  put('bos', begin);
  put('eos', end);
  const [turn, message, ...more] = stopTokens(folder.path, end).filter((id) => id !== end && id < tokens.length);
  put('eot', turn);
  put('eom', message);
  if (more.length > 0)
    notes.push(`Generation also stops at ${more.map((id) => tokens[id]).join(', ')}; the file cannot say so.`);
  put('unknown', named('unk_token'));
  put('padding', named('pad_token'));
  const { before, after } = surroundings(tokenizer);
  if (
    before.length > 1 ||
    (before.length === 1 && before[0] !== begin) ||
    after.some((id) => id !== end) ||
    after.length > 1
  )
    refuse('it puts other tokens around a text than its beginning and end');
  keys.push({ key: 'tokenizer.ggml.add_bos_token', type: 'bool', value: before.length === 1 });
  keys.push({ key: 'tokenizer.ggml.add_eos_token', type: 'bool', value: after.length === 1 });
  return { keys, notes };
}

/** The tokens that are put before and after a text. */
function surroundings(tokenizer: Tokenizer): { before: readonly number[]; after: readonly number[] } {
  const whole = tokenizer.encode('a');
  const before = tokenizer.leadingIds;
  return { before, after: whole.slice(before.length + tokenizer.spell('a').ids.length) };
}
