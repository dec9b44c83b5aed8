import { defineStore } from 'pinia';
import { computed, shallowRef } from 'vue';
import { reportOf, type ErrorReport } from '../../../preload/contract/errors.ts';
import type { DatasetDetails, DatasetSummary } from '../../../preload/contract/datasets.ts';
import type { PickedFile } from '../../../preload/contract/files.ts';
import { api } from '../bridge.ts';
import { useNotice } from '../notices.ts';

/** The library of datasets, newest first. Filled when the first screen asks for it. */
export const useDatasets = defineStore('datasets', () => {
  const known = shallowRef<DatasetSummary[]>([]);
  const ready = shallowRef(false);
  const error = shallowRef<ErrorReport | null>(null);
  /** Names of the files that are being taken in. */
  const importing = shallowRef<string[]>([]);

  async function load(): Promise<void> {
    try {
      known.value = await api.datasets.list();
      error.value = null;
      ready.value = true;
    } catch (thrown) {
      error.value = reportOf(thrown);
    }
  }

  async function ensure(): Promise<void> {
    if (!ready.value) await load();
  }

  /** Takes a file into the library. Throws what it is refused for; its progress is in the tray. */
  async function take(file: PickedFile): Promise<DatasetDetails> {
    importing.value = [...importing.value, file.name];
    try {
      const details = await api.datasets.import({ handle: file.handle, task: crypto.randomUUID() });
      await load();
      return details;
    } finally {
      const place = importing.value.indexOf(file.name);
      importing.value = importing.value.filter((_, index) => index !== place);
    }
  }

  const list = computed(() => [...known.value].sort((a, b) => b.importedAt - a.importedAt));
  const byId = (id: string): DatasetSummary | null => known.value.find((each) => each.id === id) ?? null;

  useNotice('changed', ({ noun }) => {
    if (noun === 'datasets' && ready.value) void load();
  });
  return { list, ready, error, importing, byId, load, ensure, take };
});
