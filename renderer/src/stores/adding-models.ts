import { defineStore } from 'pinia';
import { computed, ref } from 'vue';
import type { PickedFile } from '../../../preload/contract/files.ts';
import type { UnpackedDtype } from '../../../preload/contract/gguf-files.ts';
import type { ModelSummary } from '../../../preload/contract/models.ts';
import { api } from '../bridge.ts';
import { useTask } from '../composables/use-task.ts';
import { t } from '../i18n.ts';
import { router } from '../router.ts';
import { toast } from '../toasts.ts';
import { useModels } from './models.ts';

/** How a GGUF file is to become a folder. */
export interface Unpacking {
  handle: string;
  folder: string | null;
  tokenizer: string | null;
  dtype: UnpackedDtype;
}

/** A folder or a GGUF file on its way into the library. It goes on whatever screen is shown; one at a time. */
export const useAddingModels = defineStore('addingModels', () => {
  const { run, cancel, running, task, error } = useTask();
  const begun = ref('');
  /** What is being done, in words. */
  const title = computed(() => task.value?.title ?? begun.value);
  const share = computed(() => (task.value?.total ? task.value.done / task.value.total : null));

  async function follow(words: string, call: (task: string) => Promise<ModelSummary>): Promise<void> {
    begun.value = words;
    const model = await run(call);
    if (!model) return;
    await useModels().load();
    toast(t('models.added', { name: model.name }), {
      label: t('models.open'),
      run: () => void router.push({ name: 'model', params: { id: model.id } }),
    });
  }

  const add = ({ handle, name }: PickedFile): Promise<void> =>
    follow(t('models.checking', { name }), (id) => api.models.add({ handle, task: id }));
  const unpack = (name: string, how: Unpacking): Promise<void> =>
    follow(t('models.gguf.unpacking', { name }), (id) => api.models.unpackGguf({ ...how, task: id }));

  const dismiss = (): void => void (error.value = null);

  return { running, error, dismiss, title, share, add, unpack, cancel };
});
