import type { RunSummary } from '../../../../preload/contract/runs.ts';
import type { Question } from '../../confirm.ts';
import { duration, whole } from '../../format.ts';
import { t } from '../../i18n.ts';

/** Names that a question lists before it counts the rest. */
const NAMED = 6;

const trained = ({ name, step, steps, seconds }: RunSummary): string =>
  t('runs.lose.run', { name, step: whole(step), steps: whole(steps), time: duration(seconds) });

/** What is asked before runs are deleted. */
export function removalQuestion(runs: readonly RunSummary[]): Question {
  const [first] = runs;
  const named = runs.slice(0, runs.length > NAMED + 1 ? NAMED : runs.length).map(trained);
  const more = runs.length - named.length;
  return {
    title: runs.length === 1 ? t('runs.remove.one', { name: first!.name }) : t('runs.remove.many', { n: runs.length }),
    text: t('runs.remove.text'),
    loses: more > 0 ? [...named, t('runs.lose.more', { n: more })] : named,
    action: t('runs.remove.action', { n: runs.length }, runs.length),
    option: { label: t('runs.remove.files'), help: t('runs.remove.filesHelp'), on: false },
    danger: true,
  };
}

/** What is asked before a run is ended and thrown away. */
export function discardQuestion(run: RunSummary): Question {
  return {
    title: t('runs.discard.title', { name: run.name }),
    text: t('runs.discard.text'),
    loses: [trained(run), t('runs.lose.files')],
    action: t('runs.discard.action'),
    cancel: run.state === 'running' ? t('runs.discard.goOn') : t('runs.discard.keep'),
    danger: true,
  };
}
