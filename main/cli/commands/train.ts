import path from 'node:path';
import type { Command } from 'commander';
import type { TrainEvent } from '../../../preload/contract/events.ts';
import type { TrainingObserver, TrainingOutcome } from '../../services/runs.ts';
import type { RunFileOrigin } from '../../services/run-composer.ts';
import { readRunFile } from '../../services/run-file-text.ts';
import type { WithContext } from '../context.ts';
import type { Output } from '../output.ts';
import { planText } from '../plan-text.ts';
import { TrainingProgress } from '../progress.ts';
import { interruptible } from '../signals.ts';
import { pairs } from '../table.ts';
import { bytes, duration, figure } from '../../../preload/contract/figures.ts';

export function addTraining(program: Command, withContext: WithContext): void {
  program
    .command('plan <run>')
    .description('the memory that a run needs: peak, by category and phase, and whether it fits')
    .option('--json', 'one JSON document on standard output')
    .action((file: string, options: { json?: boolean }) =>
      withContext(options, async ({ app, output }) => {
        const { runs } = await app.open();
        const { run, plan } = await runs.plan(readRunFile(file), originOf(file));
        output.result(plan, () => planText(run.name, plan));
      }),
    );
  program
    .command('train <run>')
    .description('train what a run file says; Ctrl-C writes a checkpoint and ends')
    .option('--json', 'every event as one JSON object a line on standard output')
    .action((file: string, options: { json?: boolean }) =>
      withContext(options, async ({ app, output }) => {
        const { runs } = await app.open();
        const runFile = readRunFile(file);
        await follow(output, runFile.training.steps, (observer) => runs.train(runFile, originOf(file), observer));
      }),
    );
  program
    .command('resume <folder>')
    .description('go on with a run from its newest checkpoint that verifies')
    .option('--json', 'every event as one JSON object a line on standard output')
    .action((folder: string, options: { json?: boolean }) =>
      withContext(options, async ({ app, output }) => {
        const { runs } = await app.open();
        const output_ = path.resolve(folder);
        await follow(output, runs.stepsOf(output_), (observer) => runs.resume(output_, observer));
      }),
    );
}

function originOf(file: string): RunFileOrigin {
  return {
    base: process.cwd(),
    folder: path.dirname(path.resolve(file)),
    name: path.basename(file, path.extname(file)),
  };
}

/** Shows a training run while it goes on, and what came of it. */
async function follow(
  output: Output,
  steps: number,
  work: (observer: TrainingObserver) => Promise<TrainingOutcome>,
): Promise<void> {
  const progress = new TrainingProgress(steps);
  const onEvent = (event: TrainEvent): void => {
    if (output.json) process.stdout.write(`${JSON.stringify(event)}\n`);
    else progress.take(event);
  };
  const onStop = (): void =>
    output.note('\nStopping: the run writes a checkpoint first. Ctrl-C again ends it at once.');
  const outcome = await interruptible(onStop, (signal) =>
    work({ onEvent, onNote: (note) => output.note(note), signal }),
  ).finally(() => progress.finish());
  if (!output.json) process.stdout.write(`${outcomeText(outcome)}\n`);
}

function outcomeText({ id, run, stopped, result }: TrainingOutcome): string {
  if (stopped) return `The run was stopped and its state is kept. Go on with: rankwise resume ${run.output}`;
  const difference = (result.peakBytes ?? 0) - (result.planBytes ?? 0);
  return pairs([
    ['Run', id],
    ['Method', run.method.name],
    ['Final loss', figure(result.finalLoss)],
    ['Steps', `${result.steps ?? run.training.steps} in ${duration(result.seconds ?? NaN)}`],
    [
      'Peak',
      `${bytes(result.peakBytes ?? 0)}, planned ${bytes(result.planBytes ?? 0)}${difference === 0 ? ' (to the byte)' : ` (${difference} bytes apart)`}`,
    ],
    ['Outside the plan', bytes(result.outsideBytes ?? 0)],
    ['Parameters', result.parameterHash ?? '–'],
    ['Output', result.output ?? run.output],
  ]);
}
