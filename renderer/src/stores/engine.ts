import { defineStore } from 'pinia';
import { computed, shallowRef } from 'vue';
import type { SystemInfo } from '../../../preload/contract/system.ts';
import { api } from '../bridge.ts';
import { useNotice } from '../notices.ts';

/** The machine, and whether the engine process is up. */
export const useEngine = defineStore('engine', () => {
  const info = shallowRef<SystemInfo | null>(null);
  const told = shallowRef<{ up: boolean; reason: string } | null>(null);

  async function load(): Promise<void> {
    info.value = await api.system.info();
  }

  const state = computed(() => told.value ?? info.value?.engine ?? null);

  useNotice('engine', ({ up, reason }) => (told.value = { up, reason }));
  return { info, state, load };
});
