import path from 'node:path';
import { Option, type Command } from 'commander';
import { folderBytes } from '../../services/folder-size.ts';
import { bytes } from '../../../preload/contract/figures.ts';
import { byteSize, numberBetween, wholeNumber } from '../arguments.ts';
import type { WithContext } from '../context.ts';
import { interruptible } from '../signals.ts';
import { taskProgress } from '../task-progress.ts';

interface ExportOptions {
  model: string;
  adapter?: string;
  to: 'safetensors' | 'peft';
  output: string;
  dtype: 'float32' | 'bfloat16';
  scale: number;
  threads: number;
  memoryBudget: number;
  json?: boolean;
}

export function addExport(program: Command, withContext: WithContext): void {
  program
    .command('export')
    .description('write a model with an adapter folded in, or an adapter with its card, as a folder for other programs')
    .requiredOption('--model <folder>', 'Hugging Face folder of the model')
    .option('--adapter <folder>', 'PEFT folder of an adapter on top of it')
    .addOption(
      new Option('--to <format>', 'safetensors: the whole model; peft: the adapter alone')
        .choices(['safetensors', 'peft'])
        .makeOptionMandatory(),
    )
    .requiredOption('--output <folder>', 'where to; must not be there yet')
    .addOption(new Option('--dtype <type>', 'of the model').choices(['float32', 'bfloat16']).default('float32'))
    .option('--scale <factor>', 'how much of the adapter is folded in', numberBetween(-10, 10), 1)
    .option('--threads <count>', '0 = every core', wholeNumber, 0)
    .option('--memory-budget <size>', 'refuse to need more than this', byteSize, 0)
    .option('--json', 'one JSON document on standard output')
    .action((options: ExportOptions, command: Command) => {
      if (options.to === 'peft' && options.adapter === undefined) command.error('error: --to peft needs an --adapter');
      return withContext(options, async ({ app, output }) => {
        const place = path.resolve(options.output);
        const { progress, finish } = taskProgress('Writing');
        await interruptible(
          () => undefined,
          async (signal) => {
            const { model, adapter = null, scale: adapterScale, dtype, threads, memoryBudget } = options;
            if (options.to === 'safetensors') {
              const request = { model, adapter, adapterScale, dtype, threads, memoryBudget };
              await app.inference.merge(request, place, progress, signal);
            } else {
              const { adapterLibrary } = await app.open();
              await adapterLibrary.exportFolder(adapter!, model, place, progress, signal);
            }
          },
        ).finally(finish);
        const written = { output: place, bytes: await folderBytes(place) };
        output.result(written, () => `${bytes(written.bytes)} in ${place}`);
      });
    });
}
