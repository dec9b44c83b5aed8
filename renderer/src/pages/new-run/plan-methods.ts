import { api } from '../../bridge.ts';
import { runDraft, withMethod, withValue, type DraftFile } from '../../stores/draft-file.ts';
import type { Method } from '../../../../preload/contract/methods.ts';
import type { Candidate } from './method-choice.ts';

/** The draft under every method, on every storage that it trains on, planned one after the other. What cannot be planned is left out. */
export async function planMethods(
  draft: DraftFile,
  methods: readonly Method[],
  storagesOf: (method: Method) => readonly string[],
  going: () => boolean,
): Promise<Candidate[]> {
  const candidates: Candidate[] = [];
  for (const method of methods) {
    for (const storage of storagesOf(method)) {
      if (!going()) return [];
      const moved = withMethod(draft, method);
      const other = storage === '' ? moved : withValue(moved, 'storage.weights', storage);
      const planned = await api.runs.plan({ draft: runDraft(other) }).catch(() => null);
      if (planned) {
        const { planBytes, fits } = planned.plan;
        candidates.push({ method: method.name, storage: planned.run.storage.weights, planBytes, fits });
      }
    }
  }
  return candidates;
}
