import { defineStore } from 'pinia';
import { computed, shallowRef } from 'vue';
import type { Method, Registry } from '../../../preload/contract/methods.ts';
import { api } from '../bridge.ts';

/** The engine's registry: methods with their settings, and architectures. It does not change while the program runs. */
export const useMethods = defineStore('methods', () => {
  const registry = shallowRef<Registry | null>(null);
  let asked: Promise<Registry> | null = null;

  /** Throws what asking throws; the next call asks again. */
  async function ensure(): Promise<Registry> {
    asked ??= api.methods.registry();
    try {
      return (registry.value = await asked);
    } catch (error) {
      asked = null;
      throw error;
    }
  }

  const list = computed(() => registry.value?.methods ?? []);
  const byName = (name: string): Method | null => list.value.find((each) => each.name === name) ?? null;
  return { registry, list, byName, ensure };
});
