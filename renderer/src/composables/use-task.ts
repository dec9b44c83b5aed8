import { computed, ref, type ComputedRef, type Ref } from 'vue';
import { reportOf, type ErrorReport } from '../../../preload/contract/errors.ts';
import type { Task } from '../../../preload/contract/tasks.ts';
import { api } from '../bridge.ts';
import { useTasks } from '../stores/tasks.ts';

export interface TaskHandle {
  /** Runs a long call with an id of its own. Answers null where it failed (see `error`) or was cancelled. */
  run: <T>(call: (task: string) => Promise<T>) => Promise<T | null>;
  cancel: () => void;
  running: Ref<boolean>;
  /** Its progress as main tells it; null before the first news. */
  task: ComputedRef<Task | null>;
  error: Ref<ErrorReport | null>;
}

/** One long piece of work of a screen: `await work.run((task) => api.datasets.import({ handle, task }))`. */
export function useTask(): TaskHandle {
  const tasks = useTasks();
  const id = ref('');
  const running = ref(false);
  const error = ref<ErrorReport | null>(null);

  async function run<T>(call: (task: string) => Promise<T>): Promise<T | null> {
    const mine = crypto.randomUUID();
    id.value = mine;
    running.value = true;
    error.value = null;
    try {
      return await call(mine);
    } catch (thrown) {
      const report = reportOf(thrown);
      if (id.value === mine && report.code !== 'E_CANCELLED') error.value = report;
      return null;
    } finally {
      if (id.value === mine) running.value = false;
    }
  }

  const cancel = (): void => void api.tasks.cancel({ id: id.value }).catch(() => undefined);
  return { run, cancel, running, task: computed(() => tasks.byId(id.value)), error };
}
