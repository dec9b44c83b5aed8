import { copyFileSync, existsSync, mkdirSync, rmSync } from 'node:fs';
import path from 'node:path';
import { RankwiseError } from '../../preload/contract/errors.ts';
import type { BakeRecipe } from '../../preload/contract/models.ts';
import type { EngineHost } from '../engine/host.ts';
import { LICENCE_FILES } from '../formats/licence.ts';
import { copyTokenizerFiles, readModelFolder } from '../formats/model-folder.ts';
import { measureWeights } from '../formats/weight-files.ts';
import { requireModelRoom } from './disk-room.ts';
import { doJob } from './engine-job.ts';
import type { Progress } from './tasks.ts';

export interface FoldRequest {
  /** Model folder. */
  model: string;
  /** PEFT folder; null = the model is only written anew. */
  adapter: string | null;
  /** 1 = as trained. */
  adapterScale: number;
  dtype: BakeRecipe['dtype'];
  threads?: number;
  memoryBudget?: number;
}

/**
 * Writes a model with an adapter folded into its weights as a new folder, tokenizer and licence with it (progress in tensors). Failed
 * or cancelled, nothing is left there. Throws E_OUTPUT where something lies already, E_DISK, and what the engine throws.
 */
export async function fold(
  engine: EngineHost,
  request: FoldRequest,
  output: string,
  progress: Progress,
  signal: AbortSignal,
): Promise<void> {
  if (existsSync(output))
    throw new RankwiseError('E_OUTPUT', `${output} is there already.`, 'Name a folder that is not there yet.');
  const { path: model, weights } = readModelFolder(request.model);
  const { parameters } = measureWeights(weights.map((name) => path.join(model, name)));
  mkdirSync(path.dirname(output), { recursive: true });
  requireModelRoom(path.dirname(output), parameters, request.dtype);
  try {
    await doJob(engine, { kind: 'merge', ...request, output }, progress, signal);
    signal.throwIfAborted();
    copyTokenizerFiles(model, output);
    for (const name of LICENCE_FILES)
      if (existsSync(path.join(model, name))) copyFileSync(path.join(model, name), path.join(output, name));
  } catch (error) {
    rmSync(output, { recursive: true, force: true });
    throw error;
  }
}
