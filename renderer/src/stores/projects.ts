import { defineStore } from 'pinia';
import { computed, shallowRef } from 'vue';
import type { Project } from '../../../preload/contract/projects.ts';
import { api } from '../bridge.ts';
import { useNotice } from '../notices.ts';

/** The projects, newest change first, and which of them new runs go into. */
export const useProjects = defineStore('projects', () => {
  const list = shallowRef<Project[]>([]);
  /** Whether the list has been answered once. */
  const ready = shallowRef(false);
  const chosen = shallowRef<string | null>(null);

  async function load(): Promise<void> {
    const answer = await api.projects.list();
    list.value = [...answer].sort((a, b) => b.changedAt - a.changedAt);
    ready.value = true;
  }

  /** The project that the user works in: chosen, or the one that changed last. */
  const current = computed(() => list.value.find(({ id }) => id === chosen.value) ?? list.value[0] ?? null);
  const byId = (id: string): Project | null => list.value.find((each) => each.id === id) ?? null;
  const choose = (id: string): void => void (chosen.value = id);

  useNotice('changed', ({ noun }) => {
    if (noun === 'projects' || noun === 'runs') void load().catch(() => undefined);
  });
  // What trains and what waits counts in a project's figures.
  useNotice('queue', () => void load().catch(() => undefined));
  return { list, ready, current, byId, choose, load };
});
