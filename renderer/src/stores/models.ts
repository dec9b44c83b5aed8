import { defineStore } from 'pinia';
import { computed, shallowRef } from 'vue';
import type { Fit, ModelSummary } from '../../../preload/contract/models.ts';
import { api } from '../bridge.ts';
import { useNotice } from '../notices.ts';
import { useLibraryList } from './library-list.ts';
import { useSettings } from './settings.ts';

/** Sequences and micro-batch that the badges of the library are planned with. */
export const FIT_SHAPE = { sequenceLength: 256, microBatch: 1 };

/** The library of models, and what training each of them takes. */
export const useModels = defineStore('models', () => {
  const settings = useSettings();
  const { list, ready, error, byId, load, ensure } = useLibraryList(() => api.models.list(), 'models');
  const fits = shallowRef(new Map<string, Fit[]>());
  let planning: Promise<void> | null = null;

  /** Plans what is not planned yet, one model after the other: the smallest are known first. */
  function planFits(): Promise<void> {
    planning ??= (async () => {
      const open = (): ModelSummary[] => list.value.filter(({ id, problem }) => !problem && !fits.value.has(id));
      for (let next = open(); next.length > 0; next = open()) {
        const model = next.reduce((least, each) => (each.parameters < least.parameters ? each : least));
        const answer = await api.models.fits({ id: model.id, budgetBytes: null, ...FIT_SHAPE }).catch(() => []);
        fits.value = new Map(fits.value).set(model.id, answer);
      }
    })().finally(() => (planning = null));
    return planning;
  }

  const own = computed(() => list.value.filter(({ origin }) => origin !== 'preset'));
  const presets = computed(() => list.value.filter(({ origin }) => origin === 'preset'));

  // Another budget, other answers.
  let budget = settings.value?.memoryBudget;
  useNotice('settings', ({ settings: { memoryBudget } }) => {
    if (memoryBudget !== budget) fits.value = new Map();
    budget = memoryBudget;
  });
  return { list, own, presets, ready, error, fits, byId, load, ensure, planFits };
});
