import { FolderSearch, Pencil, Trash2 } from '@lucide/vue';
import type { DatasetSummary } from '../../../../preload/contract/datasets.ts';
import { api, door } from '../../bridge.ts';
import type { MenuItems } from '../../components/ui/menu-items.ts';
import { confirm } from '../../confirm.ts';
import { whole } from '../../format.ts';
import { t } from '../../i18n.ts';
import { useDatasets } from '../../stores/datasets.ts';
import { toast, toastError } from '../../toasts.ts';

/** Asks, then forgets a dataset. @returns whether it is gone */
export async function forget(dataset: DatasetSummary): Promise<boolean> {
  const { yes } = await confirm({
    title: t('data.forget.title', { name: dataset.name }),
    text: t('data.forget.text', { path: dataset.source }),
    loses: [
      t('data.forget.settings'),
      ...(dataset.version > 1 ? [t('data.forget.versions', { n: dataset.version })] : []),
      ...(dataset.runs > 0 ? [t('data.forget.runs', { n: whole(dataset.runs) }, dataset.runs)] : []),
    ],
    action: t('data.forget.action'),
    danger: true,
  });
  if (!yes) return false;
  try {
    await api.datasets.remove({ id: dataset.id });
    await useDatasets().load();
    toast(t('data.forget.done', { name: dataset.name }));
    return true;
  } catch (error) {
    toastError(error);
    return false;
  }
}

/** What can be done with a dataset besides opening it. */
export function datasetMenu(dataset: DatasetSummary, rename: () => void, forgotten?: () => void): MenuItems {
  return [
    { label: t('ui.name.action'), icon: Pencil, run: rename },
    ...(door === 'desktop'
      ? [
          {
            label: t('data.reveal'),
            icon: FolderSearch,
            run: () => void api.files.reveal({ kind: 'dataset', id: dataset.id }).catch(toastError),
          },
        ]
      : []),
    null,
    {
      label: t('data.forget.menu'),
      icon: Trash2,
      danger: true,
      run: () => void forget(dataset).then((gone) => gone && forgotten?.()),
    },
  ];
}
