import type { Command } from 'commander';
import type { Comparison, RunDetails } from '../../services/records.ts';
import { sparkline } from '../chart.ts';
import type { WithContext } from '../context.ts';
import { pairs, table, type Column } from '../table.ts';
import { bytes, duration, figure, whole } from '../../../preload/contract/figures.ts';

const right = (title: string): Column => ({ title, align: 'right' });
const date = (time: number): string => new Date(time).toISOString().slice(0, 16).replace('T', ' ');
const orDash = <T>(value: T | null | undefined, text: (value: T) => string): string =>
  value === null || value === undefined ? '–' : text(value);

export function addRuns(program: Command, withContext: WithContext): void {
  const runs = program.command('runs').description('the records: list, show, compare, delete');
  runs
    .command('list')
    .description('every run, newest first')
    .option('--json', 'one JSON document on standard output')
    .action((options: { json?: boolean }) =>
      withContext(options, async ({ app, output }) => {
        const list = (await app.open()).records.list();
        output.result(list, () =>
          list.length === 0
            ? 'No runs yet.'
            : table(
                [
                  { title: 'Id' },
                  { title: 'State' },
                  { title: 'Method' },
                  right('Final loss'),
                  right('Peak'),
                  { title: 'Begun (UTC)' },
                ],
                list.map((run) => [
                  run.id,
                  run.state,
                  run.method,
                  figure(run.result?.finalLoss),
                  orDash(run.result?.peakBytes, bytes),
                  date(run.createdAt),
                ]),
              ),
        );
      }),
    );
  runs
    .command('show <id>')
    .description('one run: settings, curve, events, checkpoints')
    .option('--json', 'one JSON document on standard output')
    .action((id: string, options: { json?: boolean }) =>
      withContext(options, async ({ app, output }) => {
        const run = (await app.open()).records.show(id);
        output.result(run, () => showText(run));
      }),
    );
  runs
    .command('compare <ids...>')
    .description('settings that differ, and what came of them')
    .option('--json', 'one JSON document on standard output')
    .action((ids: string[], options: { json?: boolean }) =>
      withContext(options, async ({ app, output }) => {
        const comparison = (await app.open()).records.compare(ids);
        output.result(comparison, () => compareText(comparison));
      }),
    );
  runs
    .command('delete <id>')
    .description('forget a run; --files removes its output folder too')
    .option('--files', 'remove the checkpoints and models that it wrote')
    .option('--json', 'one JSON document on standard output')
    .action((id: string, options: { files?: boolean; json?: boolean }) =>
      withContext(options, async ({ app, output }) => {
        const run = (await app.open()).records.delete(id, { files: options.files ?? false });
        const files = options.files ? ' and its files' : `; its files stay in ${run.output}`;
        output.result(
          { deleted: run.id, files: options.files ?? false },
          () => `The record of ${run.id} was deleted${files}.`,
        );
      }),
    );
}

function showText(run: RunDetails): string {
  const losses = run.loss.flatMap(({ value }) => value ?? []);
  const lowest = run.loss.reduce<RunDetails['loss'][number] | undefined>(
    (best, each) => ((each.value ?? Infinity) < (best?.value ?? Infinity) ? each : best),
    undefined,
  );
  const kinds = new Map<string, number>();
  for (const { kind } of run.events) kinds.set(kind, (kinds.get(kind) ?? 0) + 1);
  return pairs([
    ['Run', `${run.id} (${run.state})`],
    ...(run.error ? [['Error', `${run.error.code}: ${run.error.message}`] as const] : []),
    ['Method', run.method],
    ['Model', run.config.model.path ?? run.config.model.preset ?? ''],
    ['Data', run.config.data.train],
    [
      'Steps',
      `${run.result?.steps ?? run.loss.length} of ${run.config.training.steps}, ${duration(run.result?.seconds ?? NaN)}`,
    ],
    [
      'Loss',
      losses.length > 0
        ? `${figure(losses[0])} → ${figure(losses.at(-1))}, lowest ${figure(lowest?.value)} at step ${lowest?.step}`
        : '–',
    ],
    ['', sparkline(losses, 48)],
    [
      'Evaluation',
      orDash(run.evalLoss.at(-1)?.value, (loss) => `loss ${figure(loss)}, perplexity ${figure(Math.exp(loss))}`),
    ],
    ['Memory', `${orDash(run.result?.peakBytes, bytes)} at the peak, ${orDash(run.plan?.planBytes, bytes)} planned`],
    ['Events', [...kinds].map(([kind, count]) => `${count} × ${kind}`).join(', ') || '–'],
    ['Checkpoints', run.checkpoints.map(({ step }) => `step ${step}`).join(', ') || '–'],
    ['Engine', run.engine],
    ['Output', run.output],
  ]);
}

function compareText({ runs, differences }: Comparison): string {
  const value = (each: unknown): string =>
    each === null ? '–' : typeof each === 'string' ? each : JSON.stringify(each);
  const outcomes = table(
    [
      { title: 'Run' },
      { title: 'State' },
      right('Loss'),
      right('Perplexity'),
      right('Plan'),
      right('Peak'),
      right('Tokens/s'),
      right('Time'),
    ],
    runs.map((run) => [
      run.id,
      run.state,
      figure(run.finalLoss),
      figure(run.perplexity),
      orDash(run.planBytes, bytes),
      orDash(run.peakBytes, bytes),
      orDash(run.tokensPerSecond, whole),
      orDash(run.seconds, duration),
    ]),
  );
  const settings = table(
    [{ title: 'Setting' }, ...runs.map((run) => ({ title: run.id }))],
    differences.map(({ setting, values }) => [setting, ...values.map(value)]),
  );
  return `${outcomes}\n\n${differences.length > 0 ? settings : 'The settings are the same.'}`;
}
