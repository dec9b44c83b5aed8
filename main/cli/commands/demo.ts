import { rmSync } from 'node:fs';
import path from 'node:path';
import type { Command } from 'commander';
import { tellStory, type DemoResult, type DemoRow, type DemoView } from '../../demo/story.ts';
import { unpackTexts } from '../../services/sample-texts.ts';
import { bundledTexts } from '../../paths.ts';
import type { RecordService } from '../../services/records.ts';
import { positiveNumber } from '../arguments.ts';
import type { WithContext } from '../context.ts';
import type { Output } from '../output.ts';
import { TrainingProgress } from '../progress.ts';
import { interruptible } from '../signals.ts';
import { table, type Column } from '../table.ts';
import { bytes, duration, whole } from '../../../preload/contract/figures.ts';

export function addDemo(program: Command, withContext: WithContext): void {
  program
    .command('demo')
    .description('the whole story, offline: pretrain, fine-tune, evaluate, merge, generate, compare')
    .option('--seconds <count>', 'about how long it may take', positiveNumber, 120)
    .option('--output <folder>', 'where models and runs go; default: a folder of the records')
    .option('--json', 'one JSON document on standard output')
    .action((options: { seconds: number; output?: string; json?: boolean }) =>
      withContext(options, async ({ app, output }) => {
        const { runs, records } = await app.open();
        const folder = options.output ? path.resolve(options.output) : path.join(app.paths.home, 'demo');
        if (!options.output) forgetLast(records, folder);
        const texts = unpackTexts(bundledTexts, path.join(folder, 'texts'));
        const result = await interruptible(
          () => output.note('\nStopping …'),
          (signal) =>
            tellStory({ runs, inference: app.inference }, texts, folder, options.seconds, viewOn(output), signal),
        );
        output.result(result, () => resultText(result));
      }),
    );
}

// The demonstration's own folder holds the last one only.
function forgetLast(records: RecordService, folder: string): void {
  for (const run of records.list()) {
    if (path.dirname(run.output) === folder && run.state !== 'running') records.delete(run.id);
  }
  rmSync(folder, { recursive: true, force: true });
}

function viewOn(output: Output): DemoView {
  return {
    chapter: (title, explanation) => output.note(`\n${title}\n${explanation}`),
    say: (text) => output.note(text),
    training(label, steps) {
      const progress = new TrainingProgress(steps, label.padEnd(20));
      return { take: (event) => !output.json && progress.take(event), finish: () => progress.finish() };
    },
  };
}

const right = (title: string): Column => ({ title, align: 'right' });

function resultText(result: DemoResult): string {
  const row = (each: DemoRow): string[] => {
    const difference = each.peakBytes - each.planBytes;
    return [
      each.label,
      bytes(each.planBytes),
      bytes(each.peakBytes),
      difference === 0 ? 'none' : bytes(difference),
      whole(each.tokensPerSecond),
      each.perplexity.toFixed(2),
      duration(each.seconds),
    ];
  };
  const samples = result.samples.map(
    ({ label, text }) => `  ${label.padEnd(8)} ${result.prompt}${text.replace(/\s+/g, ' ')}`,
  );
  return [
    '',
    `“${result.prompt} …”, continued with the same seed`,
    ...samples,
    '',
    table(
      [
        { title: 'Method' },
        right('Planned'),
        right('Peak'),
        right('Difference'),
        right('Tokens/s'),
        right('Perplexity'),
        right('Time'),
      ],
      [...result.pretraining.map(row), row(result.fineTuning)],
    ),
    '',
    `Held-out speeches: perplexity ${result.speeches.base.toFixed(2)} → ${result.speeches.adapter.toFixed(2)} with the adapter, ${result.speeches.merged.toFixed(2)} merged.`,
    `Everything took ${duration(result.seconds)} and lies in ${result.folder}.`,
    `Look at the runs with: rankwise runs list`,
  ].join('\n');
}
