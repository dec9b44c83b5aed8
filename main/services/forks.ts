import { cpSync, existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { RankwiseError } from '../../preload/contract/errors.ts';
import type { Store } from '../store/store.ts';

export interface ForkPoint {
  run: string;
  step: number;
}

/** A checkpoint of a run that is still on the disk. Throws E_FORK. @param step null = the newest */
export function checkpointOf(store: Store, run: string, step: number | null): { step: number; path: string } {
  const there = store.checkpoints.list(run).filter((each) => existsSync(each.path));
  const found = step === null ? there.at(-1) : there.find((each) => each.step === step);
  if (found) return found;
  const steps = there.map((each) => each.step).join(', ');
  throw new RankwiseError(
    'E_FORK',
    step === null ? 'The run has no checkpoint to go on from.' : `The run has no checkpoint of step ${step} any more.`,
    there.length > 0 ? `There are: ${steps}.` : 'Set training.checkpointEvery, or keep more of them.',
  );
}

/**
 * Puts the checkpoint that a fork begins with into its folder.
 * @returns what the checkpoint says of the record that wrote it: the engine asks for it, since the fork's settings are others
 */
export function copyCheckpoint(store: Store, { run, step }: ForkPoint, output: string): string {
  const checkpoint = checkpointOf(store, run, step);
  const copy = path.join(output, 'checkpoints', path.basename(checkpoint.path));
  cpSync(checkpoint.path, copy, { recursive: true });
  const manifest = JSON.parse(readFileSync(path.join(copy, 'manifest.json'), 'utf8')) as { state: { record: string } };
  return manifest.state.record;
}
