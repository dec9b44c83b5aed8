import { describe, expect, it } from 'vitest';
import { memoryBudget } from '../../main/services/machine.ts';
import { NoticeHub } from '../../main/services/notices.ts';
import { SettingsService } from '../../main/services/settings.ts';
import { openStore } from '../../main/store/store.ts';
import type { Notice } from '../../preload/contract/notices.ts';
import type { Settings } from '../../preload/contract/system.ts';

async function service() {
  const store = await openStore(':memory:');
  const notices = new NoticeHub();
  const told: Notice[] = [];
  notices.subscribe((notice) => told.push(notice));
  return { store, told, settings: new SettingsService(store.settings, notices) };
}

describe('settings', () => {
  it('have defaults, keep what is changed and tell it', async () => {
    const { store, told, settings } = await service();
    expect(settings.get()).toMatchObject({ theme: 'system', memoryBudget: null, threads: 0, onClose: 'ask' });
    expect(settings.budgetBytes()).toBe(memoryBudget());
    const changed = settings.change({ theme: 'dark', memoryBudget: 2 ** 31 });
    expect(settings.get()).toEqual(changed);
    expect(settings.budgetBytes()).toBe(2 ** 31);
    expect(told).toEqual([{ topic: 'settings', settings: changed }]);
    store.close();
  });

  it.each([
    { theme: 'blue' },
    { memoryBudget: 5 },
    { memoryBudget: NaN },
    { threads: -1 },
    { threads: 4096 },
    { nobody: 1 },
  ])('refuse %j and change nothing', async (change) => {
    const { store, told, settings } = await service();
    const both = { notifications: false, ...change } as unknown as Partial<Settings>;
    expect(() => settings.change(both)).toThrow(expect.objectContaining({ code: 'E_SETTINGS' }) as Error);
    expect(settings.get().notifications).toBe(true);
    expect(told).toEqual([]);
    store.close();
  });

  it('fall back to the default where the records hold what is no value', async () => {
    const { store, settings } = await service();
    store.settings.set({ theme: 'blue', keepAwake: 'yes', threads: 1, gone: 1 });
    expect(settings.get()).toMatchObject({ theme: 'system', keepAwake: true, threads: 1 });
    store.close();
  });
});
