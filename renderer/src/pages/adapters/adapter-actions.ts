import { FolderSearch, MessageSquare, Pencil, Trash2 } from '@lucide/vue';
import type { Router } from 'vue-router';
import type { AdapterSummary } from '../../../../preload/contract/adapters.ts';
import { api, door } from '../../bridge.ts';
import type { MenuItems } from '../../components/ui/menu-items.ts';
import { confirm } from '../../confirm.ts';
import { bytes } from '../../format.ts';
import { t } from '../../i18n.ts';
import { hasRoute } from '../../router.ts';
import { useAdapters } from '../../stores/adapters.ts';
import { toast, toastError } from '../../toasts.ts';

/** Why an adapter cannot be put on a model now; empty where it can. */
export function unusableBecause(adapter: AdapterSummary): string {
  if (adapter.problem) return adapter.problem.message;
  return adapter.base === null ? t('adapters.baseMissing', { base: adapter.baseName }) : '';
}

/** Stores another name of an adapter. Throws what it is refused for. */
export const renameAdapter =
  ({ id }: AdapterSummary) =>
  async (name: string): Promise<void> => {
    await api.adapters.rename({ id, name });
    await useAdapters().load();
  };

/** Asks, then takes an adapter out of the library. @returns whether it is gone */
async function remove(adapter: AdapterSummary): Promise<boolean> {
  const { yes, option } = await confirm({
    title: t('adapters.remove.title', { name: adapter.name }),
    text: t('adapters.remove.text'),
    loses: [t('adapters.remove.entry')],
    action: t('adapters.remove.action'),
    option: { label: t('adapters.remove.files', { size: bytes(adapter.bytes) }), help: adapter.path, on: true },
    danger: true,
  });
  if (!yes) return false;
  try {
    await api.adapters.remove({ id: adapter.id, files: option });
    await useAdapters().load();
    toast(t('adapters.remove.done', { name: adapter.name }));
    return true;
  } catch (error) {
    toastError(error);
    return false;
  }
}

/** What can be done with an adapter from a list. */
export function adapterMenu(
  adapter: AdapterSummary,
  { rename, router, removed }: { rename: () => void; router: Router; removed?: () => void },
): MenuItems {
  const ofRun = adapter.origin === 'run' ? t('adapters.ofRun') : '';
  return [
    ...(hasRoute('playground')
      ? [
          {
            label: t('adapters.try'),
            icon: MessageSquare,
            why: unusableBecause(adapter),
            run: () => void router.push({ name: 'playground', query: { adapter: adapter.id } }),
          },
        ]
      : []),
    { label: t('adapters.rename.action'), icon: Pencil, run: rename },
    ...(door === 'desktop'
      ? [
          {
            label: t('adapters.reveal'),
            icon: FolderSearch,
            run: () => void api.files.reveal({ kind: 'adapter', id: adapter.id }).catch(toastError),
          },
        ]
      : []),
    null,
    {
      label: t('adapters.remove.menu'),
      icon: Trash2,
      danger: true,
      why: ofRun,
      run: () => void remove(adapter).then((gone) => gone && removed?.()),
    },
  ];
}
