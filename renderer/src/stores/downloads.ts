import { defineStore } from 'pinia';
import type { HubInspection, UnfinishedDownload } from '../../../preload/contract/hub.ts';
import type { ModelSummary } from '../../../preload/contract/models.ts';
import type { Task } from '../../../preload/contract/tasks.ts';
import { api } from '../bridge.ts';
import { t } from '../i18n.ts';
import { router } from '../router.ts';
import { toast, toastError } from '../toasts.ts';
import { useLibraryList } from './library-list.ts';
import { useModels } from './models.ts';
import { useTasks } from './tasks.ts';

/** Downloads of models that are not whole yet, and what can be done about them. They go on whatever screen is shown. */
export const useDownloads = defineStore('downloads', () => {
  const tasks = useTasks();
  const { list, ready, load, ensure } = useLibraryList(() => api.hub.unfinished(), 'downloads');

  const taskOf = (id: string): string => `download ${id}`;
  /** How far a download of this process is; null for one that does not go on, or goes on elsewhere. */
  const progressOf = (id: string): Task | null => tasks.byId(taskOf(id));

  async function follow(id: string, work: (task: string) => Promise<ModelSummary>): Promise<void> {
    try {
      const model = await work(taskOf(id));
      await useModels().load();
      toast(t('hub.done', { name: model.name }), {
        label: t('models.open'),
        run: () => void router.push({ name: 'model', params: { id: model.id } }),
      });
    } catch (error) {
      await load();
      // Where its row is in view, that says it.
      const isSeen = router.currentRoute.value.name === 'models' && list.value.some((each) => each.id === id);
      if (!isSeen) toastError(error);
    }
  }

  const start = ({ id, repository, commit }: HubInspection): Promise<void> =>
    follow(id, (task) => api.hub.download({ repository, revision: commit, task }));
  const resume = ({ id }: UnfinishedDownload): Promise<void> => follow(id, (task) => api.hub.resume({ id, task }));
  const cancel = (id: string): Promise<void> => tasks.cancel(taskOf(id)).catch(toastError);
  const discard = (id: string): Promise<void> => api.hub.discard({ id }).catch(toastError);

  return { list, ready, load, ensure, progressOf, start, resume, cancel, discard };
});
