import { defineStore } from 'pinia';
import { computed, shallowRef } from 'vue';
import type { RunSummary } from '../../../preload/contract/runs.ts';
import { api } from '../bridge.ts';
import { useRuns } from './runs.ts';

/** The sample of the first start: its runs, from the press of the button until somebody has seen enough. */
export const useSample = defineStore('sample', () => {
  const runs = useRuns();
  const ids = shallowRef<string[]>([]);
  const starting = shallowRef(false);

  async function start(): Promise<void> {
    starting.value = true;
    try {
      const sample = await api.sample.start();
      await runs.load();
      ids.value = sample.runs;
    } finally {
      starting.value = false;
    }
  }

  /** In the order in which they train. */
  const trained = computed(() => ids.value.map(runs.byId).filter((run): run is RunSummary => run !== null));
  return { ids, starting, trained, start };
});
