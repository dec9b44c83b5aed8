import path from 'node:path';
import { Option, type Command } from 'commander';
import {
  GGUF_TYPES,
  type GgufLoraReceipt,
  type GgufReceipt,
  type GgufType,
} from '../../../preload/contract/exports.ts';
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
  to: 'safetensors' | 'peft' | 'gguf' | 'gguf-lora';
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
        'safetensors: the whole model; peft: the adapter alone; gguf: the whole model as one file; gguf-lora: the adapter as one',
      )
        .choices(['safetensors', 'peft', 'gguf', 'gguf-lora'])
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
      if ((options.to === 'peft' || options.to === 'gguf-lora') && options.adapter === undefined)
        command.error(`error: --to ${options.to} needs an --adapter`);
      return withContext(options, async ({ app, output }) => {
        const place = path.resolve(options.output);
        if (options.to === 'gguf') {
          const receipt = await writeGguf(options, place, app.gguf);
          output.result({ output: place, ...receipt }, () => inWords(receipt, place));
          return;
        }
        if (options.to === 'gguf-lora') {
          const receipt = await writeGgufAdapter(options, place, app.gguf);
          output.result({ output: place, ...receipt }, () => adapterInWords(receipt, place));
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

function requestOf({ model: folder, adapter, scale, type, threads, memoryBudget }: ExportOptions) {
  const model = path.resolve(folder);
  const folded = adapter === undefined ? null : { path: path.resolve(adapter), name: path.basename(adapter), scale };
  return { model, name: path.basename(model), adapter: folded, type, threads, memoryBudget };
}

async function writeGguf(options: ExportOptions, place: string, gguf: GgufExport): Promise<GgufReceipt> {
  const { progress, finish } = taskProgress('Writing');
  return interruptible(
    () => undefined,
    (signal) => gguf.write(requestOf(options), place, progress, signal),
  ).finally(finish);
}

async function writeGgufAdapter(options: ExportOptions, place: string, gguf: GgufExport): Promise<GgufLoraReceipt> {
  const { model, name, adapter } = requestOf(options);
  const { progress, finish } = taskProgress('Writing');
  return interruptible(
    () => undefined,
    (signal) => gguf.writeAdapter({ model, name, adapter: adapter! }, place, progress, signal),
  ).finally(finish);
}

function adapterInWords({ bytes: size, layers, folded }: GgufLoraReceipt, place: string): string {
  const told = folded > 0 ? `; what one alpha cannot say of ${whole(folded)} of them is in their B` : '';
  return `${bytes(size)} in ${place}\nOpened again; each of its ${whole(layers)} layers is the adapter's${told}.`;
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
