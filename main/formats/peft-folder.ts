import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { RankwiseError } from '../../preload/contract/errors.ts';
import { readSafetensorsHeader } from './safetensors.ts';

export const ADAPTER_CONFIG = 'adapter_config.json';
export const ADAPTER_WEIGHTS = 'adapter_model.safetensors';

export interface PeftFolder {
  /** As the config says: "LORA". */
  type: string;
  rank: number;
  alpha: number;
  /** Last names of the layers that have tensors, in order: "q_proj". */
  targets: string[];
  bytes: number;
  parameters: number;
  /** What the config calls its base: a path, a name of the Hub, or null. */
  base: string | null;
  /** adapter_config.json as it stands. */
  config: Record<string, unknown>;
}

/**
 * What a PEFT folder says of itself, whatever its type; whether it can be used is the engine's to judge. Throws E_ADAPTER with what
 * is missing, E_PICKLE for pickled tensors and E_SAFETENSORS for a damaged file.
 */
export function readPeftFolder(folder: string): PeftFolder {
  const config = readConfig(folder);
  const weights = path.join(folder, ADAPTER_WEIGHTS);
  if (!existsSync(weights)) {
    if (existsSync(path.join(folder, 'adapter_model.bin'))) {
      throw new RankwiseError(
        'E_PICKLE',
        `${folder} holds pickled tensors (adapter_model.bin), which can run any program when they are opened.`,
        'Use the safetensors version of the adapter.',
      );
    }
    throw new RankwiseError('E_ADAPTER', `${folder} has no ${ADAPTER_WEIGHTS}.`, 'Finish the download of the adapter.');
  }
  const targets = new Set<string>();
  let [bytes, parameters] = [0, 0];
  for (const [name, { shape, begin, end }] of readSafetensorsHeader(weights)) {
    bytes += end - begin;
    parameters += shape.reduce((product, n) => product * n, 1);
    const layer = /(?:^|\.)([^.]+)\.lora_[A-Z]/.exec(name)?.[1];
    if (layer) targets.add(layer);
  }
  const number = (key: string): number => (typeof config[key] === 'number' ? config[key] : 0);
  return {
    type: typeof config.peft_type === 'string' ? config.peft_type : 'unknown',
    rank: number('r'),
    alpha: number('lora_alpha'),
    targets: [...targets].sort(),
    bytes,
    parameters,
    base: typeof config.base_model_name_or_path === 'string' ? config.base_model_name_or_path || null : null,
    config,
  };
}

function readConfig(folder: string): Record<string, unknown> {
  const file = path.join(folder, ADAPTER_CONFIG);
  if (!existsSync(file)) {
    throw new RankwiseError(
      'E_ADAPTER',
      `${folder} has no ${ADAPTER_CONFIG}, so it is no PEFT adapter.`,
      `Name a PEFT folder: ${ADAPTER_CONFIG} and ${ADAPTER_WEIGHTS}.`,
    );
  }
  let config: unknown;
  try {
    config = JSON.parse(readFileSync(file, 'utf8'));
  } catch {
    config = null;
  }
  if (typeof config === 'object' && config !== null && !Array.isArray(config)) return config as Record<string, unknown>;
  throw new RankwiseError('E_ADAPTER', `${file} is not a JSON object.`, 'Export the adapter again from where it came.');
}
