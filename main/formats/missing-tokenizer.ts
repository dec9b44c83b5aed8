import { existsSync } from 'node:fs';
import path from 'node:path';
import { RankwiseError } from '../../preload/contract/errors.ts';

/** What some folders have in place of tokenizer.json, and what that is. */
const OTHERS = [
  ['tokenizer.model', 'SentencePiece'],
  ['spiece.model', 'SentencePiece'],
  ['tekken.json', 'Tekken'],
  ['vocab.json', 'the older format of byte-level BPE'],
  ['tokenizer.tiktoken', 'tiktoken'],
  ['vocab.txt', 'WordPiece'],
] as const;

/** What holds a tokenizer in a folder, by the names of its files: "tokenizer.model (SentencePiece)". Null where it is tokenizer.json, or nothing. */
export function otherTokenizer(files: readonly string[]): string | null {
  if (files.includes('tokenizer.json')) return null;
  const found = OTHERS.find(([file]) => files.includes(file));
  return found ? `${found[0]} (${found[1]})` : null;
}

/**
 * The error for text where a model has no tokenizer.json: it says which other tokenizer lies there.
 * @param folder of the model; undefined for a preset
 */
export function missingTokenizer(folder: string | undefined, hint: string): RankwiseError {
  const found = folder !== undefined && OTHERS.find(([file]) => existsSync(path.join(folder, file)));
  if (!found)
    return new RankwiseError('E_TOKENIZER', `${folder ?? 'The model'} has no tokenizer.json, which text needs.`, hint);
  const [file, kind] = found;
  return new RankwiseError(
    'E_TOKENIZER',
    `${folder} has its tokenizer only as ${file} (${kind}), which is not read here; text needs a tokenizer.json.`,
    'Put the tokenizer.json of the same model beside it: transformers writes one with AutoTokenizer.from_pretrained(folder).save_pretrained(folder).',
  );
}
