import { copyFileSync, existsSync, mkdirSync, readFileSync, statSync } from 'node:fs';
import path from 'node:path';
import { RankwiseError } from '../../preload/contract/errors.ts';
import { weightFiles } from './weight-files.ts';

export interface ModelFolder {
  path: string;
  architecture: string;
  vocabSize: number;
  hasWeights: boolean;
  /** Names of its safetensors files. */
  weights: string[];
  /** tokenizer.json, where the folder has one. */
  tokenizer: string | null;
  /** config.json as it stands. */
  config: Record<string, unknown>;
}

/** The files of a tokenizer: they travel with a model. */
export const TOKENIZER_FILES = [
  'tokenizer.json',
  'tokenizer_config.json',
  'special_tokens_map.json',
  'added_tokens.json',
  'chat_template.jinja',
  'generation_config.json',
];

/** Copies the files of a tokenizer that travel with a model. */
export function copyTokenizerFiles(from: string, to: string): void {
  mkdirSync(to, { recursive: true });
  for (const name of TOKENIZER_FILES) {
    if (existsSync(path.join(from, name))) copyFileSync(path.join(from, name), path.join(to, name));
  }
}

/**
 * What a Hugging Face folder says of itself. Throws E_MODEL with what is missing, E_PICKLE for pickled weights; the engine checks
 * architecture and weights.
 */
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
  let config: Record<string, unknown> | null;
  try {
    config = JSON.parse(readFileSync(file, 'utf8')) as typeof config;
  } catch {
    throw new RankwiseError('E_MODEL', `${file} is not JSON.`);
  }
  const vocabSize = config?.vocab_size;
  if (typeof vocabSize !== 'number' || !Number.isInteger(vocabSize) || vocabSize < 1) {
    throw new RankwiseError('E_MODEL', `${file} names no vocab_size.`);
  }
  const weights = weightFiles(folder);
  const tokenizer = path.join(folder, 'tokenizer.json');
  return {
    path: folder,
    architecture: typeof config?.model_type === 'string' ? config.model_type : 'unknown',
    vocabSize,
    hasWeights: weights.length > 0,
    weights,
    tokenizer: existsSync(tokenizer) ? tokenizer : null,
    config: config!,
  };
}
