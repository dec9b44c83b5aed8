import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { RankwiseError } from '../../preload/contract/errors.ts';
import { readSafetensorsHeader } from './safetensors.ts';

const SINGLE = 'model.safetensors';
const INDEX = 'model.safetensors.index.json';
const FLOATS = ['F32', 'BF16', 'F16', 'F64'];

/**
 * Names of the safetensors files that make up a model folder, in order: one file, or the shards of an index. Empty where there are
 * none. Throws E_SAFETENSORS for an index that is damaged, E_MODEL for shards that are missing and E_PICKLE for pickled weights.
 */
export function weightFiles(folder: string): string[] {
  if (existsSync(path.join(folder, SINGLE))) return [SINGLE];
  if (existsSync(path.join(folder, INDEX))) return shards(folder);
  const pickled = readdirSync(folder).find(isPickle);
  if (pickled === undefined) return [];
  throw new RankwiseError(
    'E_PICKLE',
    `${folder} holds pickled weights (${pickled}), which can run any program when they are opened.`,
    'Use the safetensors version of the model.',
  );
}

const isPickle = (name: string): boolean => /\.(bin|pt|pth|ckpt|pkl)$/i.test(name);

/** The files that an index names, in order and each once. Throws E_SAFETENSORS for one that is damaged or names what is no file beside it. */
export function shardNames(file: string): string[] {
  let map: unknown;
  try {
    map = (JSON.parse(readFileSync(file, 'utf8')) as { weight_map?: unknown } | null)?.weight_map;
  } catch {
    throw new RankwiseError('E_SAFETENSORS', `${file} is not JSON.`, 'Download the model again.');
  }
  const names = typeof map === 'object' && map !== null ? [...new Set(Object.values(map))].sort() : [];
  if (names.length === 0)
    throw new RankwiseError('E_SAFETENSORS', `${file} names no file.`, 'Download the model again.');
  for (const name of names) {
    if (typeof name !== 'string' || name !== path.basename(name) || name.startsWith('.') || name.includes('\\'))
      throw new RankwiseError('E_SAFETENSORS', `${file} names “${String(name)}”, which is no file of the folder.`);
    if (isPickle(name))
      throw new RankwiseError('E_PICKLE', `${file} names the pickle file ${name}.`, 'Use the safetensors version.');
  }
  return names as string[];
}

function shards(folder: string): string[] {
  const names = shardNames(path.join(folder, INDEX));
  const missing = names.filter((name) => !existsSync(path.join(folder, name)));
  if (missing.length > 0) {
    throw new RankwiseError(
      'E_MODEL',
      `${missing.length} of the ${names.length} weight files of ${folder} are missing: ${missing[0]}${missing.length > 1 ? ', …' : ''}.`,
      'Finish the download of the model.',
    );
  }
  return names;
}

/** What the headers of weight files add up to. `dtype` is that of the floats: "BF16", or "mixed". Throws E_SAFETENSORS. */
export function measureWeights(files: readonly string[]): { parameters: number; dtype: string; bytes: number } {
  let [parameters, bytes] = [0, 0];
  const dtypes = new Set<string>();
  for (const file of files) {
    for (const { dtype, shape, begin, end } of readSafetensorsHeader(file).values()) {
      parameters += shape.reduce((product, n) => product * n, 1);
      bytes += end - begin;
      if (FLOATS.includes(dtype) || dtype.startsWith('F8')) dtypes.add(dtype);
    }
  }
  return { parameters, dtype: dtypes.size === 1 ? [...dtypes][0]! : dtypes.size === 0 ? 'none' : 'mixed', bytes };
}
