import { defineStore } from 'pinia';
import { computed, shallowRef } from 'vue';
import type { DatasetDetails } from '../../../preload/contract/datasets.ts';
import type { PickedFile } from '../../../preload/contract/files.ts';
import { api } from '../bridge.ts';
import { useLibraryList } from './library-list.ts';

/** The library of datasets, newest first. */
export const useDatasets = defineStore('datasets', () => {
  const { list: known, ready, error, byId, load, ensure } = useLibraryList(() => api.datasets.list(), 'datasets');
  /** Names of the files that are being taken in. */
  const importing = shallowRef<string[]>([]);

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
  return { list, ready, error, importing, byId, load, ensure, take };
});
