import { defineStore } from 'pinia';
import { shallowRef } from 'vue';
import type { Settings } from '../../../preload/contract/system.ts';
import { api } from '../bridge.ts';
import { useNotice } from '../notices.ts';
import { dark, theme } from '../theme.ts';

/** The settings as main keeps them. */
export const useSettings = defineStore('settings', () => {
  const value = shallowRef<Settings | null>(null);

  function take(settings: Settings): void {
    value.value = settings;
    theme.value = settings.theme;
  }

  const load = async (): Promise<void> => take(await api.system.settings());
  const change = async (part: Partial<Settings>): Promise<void> => take(await api.system.change(part));

  /** From what is seen now to the other. Seen at once, kept when main has answered. */
  async function toggleTheme(): Promise<void> {
    const next = dark.value ? 'light' : 'dark';
    theme.value = next;
    await change({ theme: next });
  }

  useNotice('settings', ({ settings }) => take(settings));
  return { value, load, change, toggleTheme };
});
