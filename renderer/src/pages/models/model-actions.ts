import { FileOutput, FolderSearch, Pencil, Trash2 } from '@lucide/vue';
import type { ModelSummary } from '../../../../preload/contract/models.ts';
import { api, door } from '../../bridge.ts';
import type { MenuItems } from '../../components/ui/menu-items.ts';
import { confirm } from '../../confirm.ts';
import { bytes } from '../../format.ts';
import { t } from '../../i18n.ts';
import { useModels } from '../../stores/models.ts';
import { toast, toastError } from '../../toasts.ts';

/** Asks, then takes a model out of the library. @returns whether it is gone */
async function remove(model: ModelSummary): Promise<boolean> {
  const ours = model.origin === 'baked' || model.origin === 'hub';
  const { yes, option } = await confirm({
    title: t('models.remove.title', { name: model.name }),
    text: ours ? t(`models.remove.${model.origin}Text`) : t('models.remove.text', { path: model.path ?? '' }),
    loses: [t('models.remove.entry')],
    action: t('models.remove.action'),
    danger: true,
    ...(ours
      ? { option: { label: t('models.remove.files', { size: bytes(model.bytes) }), help: model.path ?? '', on: false } }
      : {}),
  });
  if (!yes) return false;
  try {
    await api.models.remove({ id: model.id, files: option });
    await useModels().load();
    toast(t('models.remove.done', { name: model.name }));
    return true;
  } catch (error) {
    toastError(error);
    return false;
  }
}

/** What can be done with a model besides training it. Nothing for an architecture without weights. */
export function modelMenu(
  model: ModelSummary,
  { rename, exporting, removed }: { rename: () => void; exporting: () => void; removed?: () => void },
): MenuItems {
  if (model.origin === 'preset') return [];
  const ofRun = model.origin === 'run' ? t('models.ofRun') : '';
  return [
    { label: t('models.export.menu'), icon: FileOutput, run: exporting, ...unwritable(model) },
    { label: t('ui.name.action'), icon: Pencil, run: rename, ...(ofRun ? { why: ofRun } : {}) },
    ...(door === 'desktop'
      ? [
          {
            label: t('models.reveal'),
            icon: FolderSearch,
            run: () => void api.files.reveal({ kind: 'model', id: model.id }).catch(toastError),
          },
        ]
      : []),
    null,
    {
      label: t('models.remove.menu'),
      icon: Trash2,
      danger: true,
      ...(ofRun ? { why: ofRun } : {}),
      run: () => void remove(model).then((gone) => gone && removed?.()),
    },
  ];
}

/** Why a model cannot become a file. */
function unwritable({ problem, tokenizer }: ModelSummary): { why?: string } {
  if (problem) return { why: problem.message };
  return tokenizer ? {} : { why: t('models.export.noTokenizer') };
}
