import { readFileSync } from 'node:fs';
import { RankwiseError } from '../../preload/contract/errors.ts';
import { spacesVocabulary, spellsInPieces } from './gguf-spaces.ts';
import { TOKEN_KIND, unusedToken } from './gguf-token-kind.ts';
import { mergesOf, type TokenizerFile } from './tokenizer-file.ts';
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

/**
 * The keys of a GGUF file that make up a BPE tokenizer, byte-level or SentencePiece's, chat template included. Throws E_TOKENIZER for
 * another kind, and for what readers of the format would cut otherwise.
 */
export function ggufTokenizer(folder: ModelFolder): GgufTokenizer {
  if (folder.tokenizer === null) throw missingTokenizer(folder.path, 'A GGUF file holds its model’s tokenizer.');
  const file = JSON.parse(readFileSync(folder.tokenizer, 'utf8')) as TokenizerFile;
  const tokenizer = loadTokenizer(folder.tokenizer);
  const cut = spellsInPieces(file) ? piecesOf(file, folder.vocabSize) : bytesOf(file, folder.vocabSize);
  const chatTemplate = tokenizer.ownTemplate;
  const { keys: special, notes } = specialTokens(folder, tokenizer, cut.tokens);
  const keys: GgufKey[] = [
    { key: 'tokenizer.ggml.model', type: 'text', value: cut.model },
    { key: 'tokenizer.ggml.pre', type: 'text', value: cut.preTokenizer },
    { key: 'tokenizer.ggml.tokens', type: 'texts', value: cut.tokens },
    { key: 'tokenizer.ggml.token_type', type: 'i32s', value: cut.kinds },
    ...cut.keys,
    ...special,
  ];
  if (chatTemplate !== null) keys.push({ key: 'tokenizer.chat_template', type: 'text', value: chatTemplate });
  const { preTokenizer, tokens } = cut;
  const merges = file.model.merges.length;
  return { keys, preTokenizer, tokens: tokens.length, merges, chatTemplate, notes: [...cut.notes, ...notes] };
}

/** A vocabulary as the file holds it, and the keys that say how it is used. */
interface Cut {
  model: 'gpt2' | 'llama';
  preTokenizer: string;
  tokens: string[];
  kinds: number[];
  keys: GgufKey[];
  notes: string[];
}

function bytesOf(file: TokenizerFile, size: number): Cut {
  requireByteLevel(file);
  const preTokenizer = preTokenizerName(file.pre_tokenizer, file.model.ignore_merges === true);
  const merges = mergesOf(file).map((merge) => merge.join(' '));
  const keys: GgufKey[] = [{ key: 'tokenizer.ggml.merges', type: 'texts', value: merges }];
  const composed = 'Text that is not in Unicode’s composed form (NFC) is cut as it stands by readers of GGUF files.';
  const notes = file.normalizer?.type === 'NFC' ? [composed] : [];
  return { model: 'gpt2', preTokenizer, ...vocabularyOf(file, size), keys, notes };
}

function piecesOf(file: TokenizerFile, size: number): Cut {
  const { tokens, kinds, scores, addSpacePrefix, notes } = spacesVocabulary(file, size, refuse);
  const keys: GgufKey[] = [
    { key: 'tokenizer.ggml.scores', type: 'f32s', value: scores },
    { key: 'tokenizer.ggml.add_space_prefix', type: 'bool', value: addSpacePrefix },
  ];
  return { model: 'llama', preTokenizer: 'default', tokens, kinds, keys, notes };
}

function refuse(why: string): never {
  throw new RankwiseError(
    'E_TOKENIZER',
    `The tokenizer of this model cannot be written into a GGUF file: ${why}.`,
    'GGUF is written for BPE tokenizers: byte-level ones (Llama 3, Qwen, SmolLM, those trained here) and SentencePiece’s (Llama 2, Mistral). Export the model as safetensors.',
  );
}

function requireByteLevel({ normalizer, model }: TokenizerFile): void {
  if (model.type !== 'BPE') refuse(`it is ${model.type ?? 'of an unknown kind'}, not BPE`);
  if (normalizer && normalizer.type !== 'NFC') refuse(`it changes text before cutting it (${normalizer.type})`);
  for (const key of ['continuing_subword_prefix', 'end_of_word_suffix', 'dropout'])
    if (model[key]) refuse(`it has ${key}`);
}

function vocabularyOf({ model, added_tokens: added = [] }: TokenizerFile, size: number) {
  const tokens = Array.from({ length: size }, (_, id) => unusedToken(id));
  const kinds = Array.from({ length: size }, () => TOKEN_KIND.unused);
  const put = (id: number, text: string, kind: number): void => {
    if (id >= size) refuse(`it has the token ${id}, and the model ${size} tokens`);
    tokens[id] = text;
    kinds[id] = kind;
  };
  for (const [text, id] of Object.entries(model.vocab)) put(id, text, TOKEN_KIND.normal);
  for (const { id, content, special, lstrip, rstrip, single_word: word } of added) {
    if (lstrip || rstrip || word) refuse(`its token ${content} takes the spaces around it or needs to be a word`);
    put(id, content, special || /^<\|.*\|>$/.test(content) ? TOKEN_KIND.control : TOKEN_KIND.ownText);
  }
  const bytes = new Set(byteCharacters);
  const foreign = tokens.find(
    (text, id) => kinds[id] === TOKEN_KIND.normal && ![...text].every((each) => bytes.has(each)),
  );
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
