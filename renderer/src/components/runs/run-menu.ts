import {
  ClipboardList,
  FolderOpen,
  GitBranch,
  GitCompareArrows,
  Pencil,
  Pin,
  PinOff,
  Repeat2,
  SlidersHorizontal,
  Trash2,
} from '@lucide/vue';
import type { RunSummary } from '../../../../preload/contract/runs.ts';
import { door } from '../../bridge.ts';
import { t } from '../../i18n.ts';
import { hasRoute } from '../../router.ts';
import { isDone } from '../../stores/run-state.ts';
import type { MenuItem, MenuItems } from '../ui/menu-items.ts';
import type { RunActions } from './run-actions.ts';

/** Why a run cannot be gone on from; empty where it can. */
export const whyNoFork = ({ step, state }: RunSummary): string =>
  step === 0 || state === 'queued' ? t('runs.why.fork') : '';

/** Why a run cannot be deleted; empty where it can. */
export const whyNoRemoval = ({ state }: RunSummary): string => (state === 'running' ? t('runs.why.remove') : '');

/** What a run's menu offers wherever the run is shown. `removed` hears when it was deleted. */
export function runMenu(
  run: RunSummary,
  actions: RunActions,
  own: { rename: () => void; removed?: () => void; whyNoFork?: string },
): MenuItems {
  const items: (MenuItem | null | false)[] = [
    {
      label: run.pinned ? t('runs.action.unpin') : t('runs.action.pin'),
      icon: run.pinned ? PinOff : Pin,
      run: () => void actions.pin([run], !run.pinned),
    },
    { label: t('runs.action.rename'), icon: Pencil, run: own.rename },
    null,
    hasRoute('compare') && {
      label: t('runs.action.compare'),
      icon: GitCompareArrows,
      run: () => actions.compare([run.id]),
    },
    hasRoute('new-run') && {
      label: t('runs.action.fork'),
      icon: GitBranch,
      why: own.whyNoFork ?? whyNoFork(run),
      run: () => actions.fork(run, null),
    },
    hasRoute('new-run') && {
      label: t('runs.action.again'),
      icon: SlidersHorizontal,
      run: () => void actions.again(run),
    },
    {
      label: t('runs.action.reproduce'),
      icon: Repeat2,
      why: isDone(run.state) ? '' : t('runs.why.reproduce'),
      run: () => void actions.reproduce(run),
    },
    null,
    { label: t('runs.action.report'), icon: ClipboardList, run: () => void actions.copyReport(run) },
    door === 'desktop' && { label: t('runs.action.reveal'), icon: FolderOpen, run: () => void actions.reveal(run) },
    null,
    {
      label: t('runs.action.remove'),
      icon: Trash2,
      danger: true,
      why: whyNoRemoval(run),
      run: () => void actions.remove([run]).then((gone) => gone && own.removed?.()),
    },
  ];
  return items.filter((item) => item !== false);
}
