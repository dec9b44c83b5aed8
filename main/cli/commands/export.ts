import path from 'node:path';
import { Option, type Command } from 'commander';
import { GGUF_TYPES, type GgufReceipt, type GgufType } from '../../../preload/contract/exports.ts';
import { folderBytes } from '../../services/folder-size.ts';
import { bytes, figure, whole } from '../../../preload/contract/figures.ts';
import type { GgufExport } from '../../services/gguf-export.ts';
import { byteSize, numberBetween, wholeNumber } from '../arguments.ts';
import type { WithContext } from '../context.ts';
import { interruptible } from '../signals.ts';
import { taskProgress } from '../task-progress.ts';

interface ExportOptions {
  model: string;
  adapter?: string;
  to: 'safetensors' | 'peft' | 'gguf';
  output: string;
  dtype: 'float32' | 'bfloat16';
  type: GgufType;
  scale: number;
  threads: number;
  memoryBudget: number;
  json?: boolean;
}

export function addExport(program: Command, withContext: WithContext): void {
  program
    .command('export')
    .description(
      'write a model with an adapter folded in, or an adapter with its card, for other programs: a folder, or a GGUF file',
    )
    .requiredOption('--model <folder>', 'Hugging Face folder of the model')
    .option('--adapter <folder>', 'PEFT folder of an adapter on top of it')
    .addOption(
      new Option(
        '--to <format>',
        'safetensors: the whole model; peft: the adapter alone; gguf: the whole model as one file',
      )
        .choices(['safetensors', 'peft', 'gguf'])
        .makeOptionMandatory(),
    )
    .requiredOption('--output <path>', 'folder or .gguf file; must not be there yet')
    .addOption(
      new Option('--dtype <type>', 'of a safetensors model').choices(['float32', 'bfloat16']).default('float32'),
    )
    .addOption(new Option('--type <type>', 'of a GGUF file').choices(GGUF_TYPES).default('q8_0'))
    .option('--scale <factor>', 'how much of the adapter is folded in', numberBetween(-10, 10), 1)
    .option('--threads <count>', '0 = every core', wholeNumber, 0)
    .option('--memory-budget <size>', 'refuse to need more than this', byteSize, 0)
    .option('--json', 'one JSON document on standard output')
    .action((options: ExportOptions, command: Command) => {
      if (options.to === 'peft' && options.adapter === undefined) command.error('error: --to peft needs an --adapter');
      return withContext(options, async ({ app, output }) => {
        const place = path.resolve(options.output);
        if (options.to === 'gguf') {
          const receipt = await writeGguf(options, place, app.gguf);
          output.result({ output: place, ...receipt }, () => inWords(receipt, place));
          return;
        }
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

async function writeGguf(options: ExportOptions, place: string, gguf: GgufExport): Promise<GgufReceipt> {
  const { adapter, scale, type, threads, memoryBudget } = options;
  const model = path.resolve(options.model);
  const folded = adapter === undefined ? null : { path: path.resolve(adapter), name: path.basename(adapter), scale };
  const request = { model, name: path.basename(model), adapter: folded, type, threads, memoryBudget };
  const { progress, finish } = taskProgress('Writing');
  return interruptible(
    () => undefined,
    (signal) => gguf.write(request, place, progress, signal),
  ).finally(finish);
}

function inWords(receipt: GgufReceipt, place: string): string {
  const { logits, types, modelfileTemplate, tokenizer, notes } = receipt;
  const lines = types.map(
    ({ type, tensors, relativeError }) =>
      `  ${type.padEnd(5)} ${whole(tensors)} tensors, relative error ${figure(relativeError)}`,
  );
  const template = modelfileTemplate
    ? 'The Modelfile beside it has the chat template.'
    : `The Modelfile beside it names no template: ${tokenizer.chatTemplate ? 'Ollama’s spelling of this one is not known' : 'the model has none'}.`;
  return [
    `${bytes(receipt.bytes)} in ${place}`,
    'Opened again; every tensor, key and token compared with the model:',
    ...lines,
    `Logits on ${whole(logits.positions)} positions: largest difference ${figure(logits.maxDifference)}, mean ${figure(logits.meanDifference)}; ` +
      `the same likeliest token at ${(100 * logits.agreement).toFixed(1)} %; perplexity ${figure(logits.filePerplexity)}, of the model ${figure(logits.perplexity)}`,
    template,
    ...notes,
  ].join('\n');
}
