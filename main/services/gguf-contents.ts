import path from 'node:path';
import { RankwiseError, reportOf, type ErrorReport } from '../../preload/contract/errors.ts';
import type { GgufContents } from '../../preload/contract/gguf-files.ts';
import { tokenizerOfGguf, type TokenizerFiles } from '../data/tokenizer-of-gguf.ts';
import { loadTokenizer } from '../data/tokenizer.ts';
import type { GgufKeys } from '../engine/host.ts';
import { plainText } from '../formats/readme.ts';

const MOST_CHARACTERS = 200;

type ToldByKeys = Pick<
  GgufContents,
  'name' | 'architecture' | 'parameters' | 'types' | 'licence' | 'exact' | 'sizes' | 'tokenizer'
>;

/** What a GGUF file is, by what it says of itself. */
export function contentsOf(held: GgufKeys): ToldByKeys {
  const { parameters, types, keys } = held;
  return {
    name: ggufText(held, 'general.name'),
    architecture: ggufText(held, 'general.architecture'),
    parameters,
    types,
    licence: ggufText(held, 'general.license'),
    exact: exactDtype(held),
    sizes: { float32: parameters * 4, bfloat16: parameters * 2 },
    tokenizer: {
      tokens: tokensOf(held),
      chatTemplate: typeof keys['tokenizer.chat_template'] === 'string',
      problem: problemOf(() => ownTokenizer(held)),
    },
  };
}

export const exactDtype = ({ fitsBfloat16 }: GgufKeys): 'float32' | 'bfloat16' =>
  fitsBfloat16 ? 'bfloat16' : 'float32';

/** A text of the file on one line, safe to be shown; null where there is none. */
export function ggufText({ keys }: GgufKeys, key: string): string | null {
  const value = keys[key];
  if (typeof value !== 'string') return null;
  return plainText(value).replaceAll(/\s+/g, ' ').trim().slice(0, MOST_CHARACTERS) || null;
}

/** The tokenizer that the file brings. Throws E_TOKENIZER for one that is not read here. */
export function ownTokenizer({ keys }: GgufKeys): TokenizerFiles {
  const own = Object.entries(keys).filter(([name]) => name.startsWith('tokenizer.'));
  const name = keys['general.name'];
  return tokenizerOfGguf(
    Object.fromEntries(own.map(([key, value]) => [key.slice('tokenizer.'.length), value])),
    typeof name === 'string' ? name : '',
  );
}

/** Throws E_TOKENIZER where the tokenizer of a folder cannot stand in for the file's own. */
export function requireTokenizer(folder: string, held: GgufKeys): void {
  const { vocabSize } = loadTokenizer(path.join(folder, 'tokenizer.json'));
  const tokens = tokensOf(held);
  if (tokens === null || vocabSize <= tokens) return;
  throw new RankwiseError(
    'E_TOKENIZER',
    `The tokenizer in ${folder} has ${vocabSize} tokens; the model has ${tokens}.`,
    'Choose the folder of the same model.',
  );
}

/** What work is refused for; null where it is not. */
export function problemOf(work: () => unknown): ErrorReport | null {
  try {
    work();
    return null;
  } catch (error) {
    return reportOf(error);
  }
}

function tokensOf({ keys }: GgufKeys): number | null {
  const tokens = keys['tokenizer.ggml.tokens'];
  return Array.isArray(tokens) ? tokens.length : null;
}
