import { useEngine } from './engine.ts';
import { useProjects } from './projects.ts';
import { useQueue } from './queue.ts';
import { useRuns } from './runs.ts';
import { useSettings } from './settings.ts';
import { useTasks } from './tasks.ts';

/**
 * Fills every store, at once and not one after the other. Main answers in order: the runs, which every screen begins with, come
 * first. Rejects with the first that fails; the others go on.
 */
export async function loadStores(): Promise<void> {
  const stores = [useRuns(), useProjects(), useSettings(), useQueue(), useTasks(), useEngine()];
  const [failed] = (await Promise.allSettled(stores.map((store) => store.load()))).filter(
    (each) => each.status === 'rejected',
  );
  if (failed) throw failed.reason;
}
