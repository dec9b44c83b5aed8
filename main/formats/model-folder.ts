import { copyFileSync, existsSync, mkdirSync, readdirSync, readFileSync, statSync } from 'node:fs';
import path from 'node:path';
import { RankwiseError } from '../../preload/contract/errors.ts';

export interface ModelFolder {
  path: string;
  architecture: string;
  vocabSize: number;
  hasWeights: boolean;
  /** tokenizer.json, where the folder has one. */
  tokenizer: string | null;
}

const TOKENIZER_FILES = [
  'tokenizer.json',
  'tokenizer_config.json',
  'special_tokens_map.json',
  'generation_config.json',
];

/** Copies the files of a tokenizer that travel with a model. */
export function copyTokenizerFiles(from: string, to: string): void {
  mkdirSync(to, { recursive: true });
  for (const name of TOKENIZER_FILES) {
    if (existsSync(path.join(from, name))) copyFileSync(path.join(from, name), path.join(to, name));
  }
}

/** What a Hugging Face folder says of itself. Throws E_MODEL with what is missing; the engine checks architecture and weights. */
export function readModelFolder(folder: string): ModelFolder {
  if (!statSync(folder, { throwIfNoEntry: false })?.isDirectory()) {
    throw new RankwiseError(
      'E_MODEL',
      `There is no model folder at ${folder}.`,
      'Name a Hugging Face folder: config.json, *.safetensors, tokenizer.json.',
    );
  }
  const file = path.join(folder, 'config.json');
  if (!existsSync(file)) {
    throw new RankwiseError(
      'E_MODEL',
      `${folder} has no config.json, so it is no model.`,
      'Name a Hugging Face folder: config.json, *.safetensors, tokenizer.json.',
    );
  }
  let config: { vocab_size?: unknown; model_type?: unknown } | null;
  try {
    config = JSON.parse(readFileSync(file, 'utf8')) as typeof config;
  } catch {
    throw new RankwiseError('E_MODEL', `${file} is not JSON.`);
  }
  const vocabSize = config?.vocab_size;
  if (typeof vocabSize !== 'number' || !Number.isInteger(vocabSize) || vocabSize < 1) {
    throw new RankwiseError('E_MODEL', `${file} names no vocab_size.`);
  }
  const files = readdirSync(folder);
  const hasWeights = files.some((name) => name.endsWith('.safetensors'));
  if (!hasWeights && files.some((name) => /\.(bin|pt|pth|ckpt)$/.test(name))) {
    throw new RankwiseError(
      'E_MODEL',
      `${folder} holds pickled weights, which can run any program when they are opened.`,
      'Use the safetensors version of the model.',
    );
  }
  const tokenizer = path.join(folder, 'tokenizer.json');
  return {
    path: folder,
    architecture: typeof config?.model_type === 'string' ? config.model_type : 'unknown',
    vocabSize,
    hasWeights,
    tokenizer: existsSync(tokenizer) ? tokenizer : null,
  };
}
