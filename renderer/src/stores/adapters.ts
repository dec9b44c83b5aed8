import { defineStore } from 'pinia';
import { shallowRef } from 'vue';
import type { AdapterSummary } from '../../../preload/contract/adapters.ts';
import { reportOf, type ErrorReport } from '../../../preload/contract/errors.ts';
import { api } from '../bridge.ts';
import { useNotice } from '../notices.ts';

/** The library of adapters, newest first. Filled when the first screen asks for it. */
export const useAdapters = defineStore('adapters', () => {
  const list = shallowRef<AdapterSummary[]>([]);
  const ready = shallowRef(false);
  const error = shallowRef<ErrorReport | null>(null);

  async function load(): Promise<void> {
    try {
      list.value = await api.adapters.list();
      error.value = null;
      ready.value = true;
    } catch (thrown) {
      error.value = reportOf(thrown);
    }
  }

  async function ensure(): Promise<void> {
    if (!ready.value) await load();
  }

  const byId = (id: string): AdapterSummary | null => list.value.find((each) => each.id === id) ?? null;

  useNotice('changed', ({ noun }) => {
    // A base that comes or goes changes what an adapter can be used on.
    if ((noun === 'adapters' || noun === 'models') && ready.value) void load();
  });
  return { list, ready, error, byId, load, ensure };
});
