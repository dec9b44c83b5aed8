import { existsSync } from 'node:fs';
import path from 'node:path';
import { RankwiseError } from '../../preload/contract/errors.ts';
import type { RunDetails } from '../../preload/contract/runs.ts';
import type { RunRecord } from '../store/runs.ts';

/** Ids in the library of what a run left: the run's own. */
export function savedOf(run: RunRecord): Pick<RunDetails, 'savedModel' | 'savedAdapter'> {
  const saved = (name: string): string | null => (existsSync(path.join(run.output, name)) ? run.id : null);
  return { savedModel: saved('model'), savedAdapter: saved('adapter') };
}

/** The PEFT folder that a run left; null where it left none. */
export function adapterOf(run: RunRecord): string | null {
  const folder = path.join(run.output, 'adapter');
  return existsSync(folder) ? folder : null;
}

/** The folders that a run's answers come from: its model, or its adapter with the model that it began with. Throws E_RESULT. */
export function modelOf(run: RunRecord): { model: string; adapter: string | null } {
  const model = path.join(run.output, 'model');
  if (existsSync(model)) return { model, adapter: null };
  const adapter = adapterOf(run);
  const base = run.config.model.path;
  if (adapter && base !== undefined) return { model: base, adapter };
  throw new RankwiseError(
    'E_RESULT',
    `“${run.name}” has left no model or adapter yet.`,
    run.state === 'finished' || run.state === 'stopped'
      ? 'Its files have been removed from the disk.'
      : 'Let it finish, or stop it: what it has learned is saved then.',
  );
}
