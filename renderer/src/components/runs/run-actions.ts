import { useRouter } from 'vue-router';
import type { RunSummary } from '../../../../preload/contract/runs.ts';
import { api } from '../../bridge.ts';
import { confirm } from '../../confirm.ts';
import { copyText } from '../../copy.ts';
import { t } from '../../i18n.ts';
import { useDraft } from '../../stores/draft.ts';
import { useRuns } from '../../stores/runs.ts';
import { toast, toastError } from '../../toasts.ts';
import { discardQuestion, removalQuestion } from './removal.ts';

/** Stores another name of a run; its notice shows it. Throws what it is refused for. */
export const renameRun =
  ({ id }: RunSummary) =>
  async (name: string): Promise<void> =>
    void (await api.runs.update({ id, name }));

/** What can be done with runs, from every screen that shows them. Nothing rejects: what went wrong is told as a toast. */
export interface RunActions {
  pause: (run: RunSummary) => Promise<void>;
  resume: (run: RunSummary) => Promise<void>;
  checkpoint: (run: RunSummary) => Promise<void>;
  stop: (run: RunSummary) => Promise<void>;
  /** Asks first. @returns whether it is gone */
  discard: (run: RunSummary) => Promise<boolean>;
  /** Asks first. @returns whether they are gone */
  remove: (runs: readonly RunSummary[]) => Promise<boolean>;
  pin: (runs: readonly RunSummary[], pinned: boolean) => Promise<void>;
  /** Starts the same run once more and opens it. */
  reproduce: (run: RunSummary) => Promise<void>;
  fork: (run: RunSummary, step: number | null) => void;
  /** Opens the wizard with the run's settings. */
  again: (run: RunSummary) => Promise<void>;
  compare: (ids: readonly string[]) => void;
  copyReport: (run: RunSummary) => Promise<void>;
  reveal: (run: RunSummary) => Promise<void>;
}

export function useRunActions(): RunActions {
  const router = useRouter();
  const store = useRuns();

  async function attempt(work: () => Promise<unknown>): Promise<boolean> {
    try {
      await work();
      return true;
    } catch (error) {
      toastError(error);
      return false;
    }
  }
  const quiet = async (work: () => Promise<unknown>): Promise<void> => void (await attempt(work));

  async function remove(runs: readonly RunSummary[]): Promise<boolean> {
    const answer = await confirm(removalQuestion(runs));
    if (!answer.yes) return false;
    const ids = runs.map(({ id }) => id);
    const gone = await attempt(() => api.runs.remove({ ids, files: answer.option }));
    if (gone) toast(t('runs.removed', { n: ids.length, name: runs[0]!.name }, ids.length));
    return gone;
  }

  async function discard(run: RunSummary): Promise<boolean> {
    const answer = await confirm(discardQuestion(run));
    return answer.yes && (await attempt(() => api.runs.discard({ id: run.id })));
  }

  return {
    remove,
    discard,
    pause: ({ id }) => quiet(() => api.runs.pause({ id })),
    resume: ({ id }) => quiet(() => api.runs.resume({ id })),
    checkpoint: ({ id }) => quiet(() => api.runs.checkpoint({ id })),
    stop: ({ id }) => quiet(() => api.runs.stop({ id })),
    pin: (runs, pinned) =>
      quiet(async () => {
        for (const { id } of runs) await api.runs.update({ id, pinned });
      }),
    reproduce: ({ id }) =>
      quiet(async () => {
        const run = await api.runs.reproduce({ id });
        store.put(run);
        await router.push({ name: 'run', params: { id: run.id } });
      }),
    fork: ({ id }, step) =>
      void router.push({ name: 'new-run', query: { fork: id, ...(step === null ? {} : { step: String(step) }) } }),
    again: ({ id, name }) =>
      quiet(async () => {
        // Not what belongs to that run alone: its folder, and the checkpoint that it began with.
        const { output: _, from: __, ...settings } = (await api.runs.get({ id })).config;
        await useDraft().take(settings, t('runs.settingsTaken', { name }));
        await router.push({ name: 'new-run' });
      }),
    compare: (ids) => void router.push({ name: 'compare', query: { runs: ids.join(',') } }),
    copyReport: ({ id }) =>
      quiet(async () => {
        copyText(await api.runs.report({ id }));
        toast(t('runs.reportCopied'));
      }),
    reveal: ({ id }) => quiet(() => api.files.reveal({ kind: 'run', id })),
  };
}
