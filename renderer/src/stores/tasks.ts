import { defineStore } from 'pinia';
import { computed, shallowRef, triggerRef } from 'vue';
import type { Task } from '../../../preload/contract/tasks.ts';
import { api } from '../bridge.ts';
import { useNotice } from '../notices.ts';

/** Long work: what runs now, and what ended since the tray was last looked at. */
export const useTasks = defineStore('tasks', () => {
  const known = shallowRef(new Map<string, Task>());

  async function load(): Promise<void> {
    for (const task of await api.tasks.list()) known.value.set(task.id, task);
    triggerRef(known);
  }

  const list = computed(() => [...known.value.values()].reverse());
  const running = computed(() => list.value.filter(({ state }) => state === 'running'));
  const byId = (id: string): Task | null => known.value.get(id) ?? null;
  const cancel = (id: string): Promise<void> => api.tasks.cancel({ id });

  /** Forgets what has ended. */
  function clear(): void {
    known.value = new Map([...known.value].filter(([, { state }]) => state === 'running'));
  }

  useNotice('task', ({ task }) => {
    known.value.set(task.id, task);
    triggerRef(known);
  });
  return { list, running, byId, cancel, clear, load };
});
