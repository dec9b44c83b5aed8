import path from 'node:path';
import { Option, type Command } from 'commander';
import type { AdapterSummary } from '../../../preload/contract/adapters.ts';
import type { UnpackedDtype } from '../../../preload/contract/gguf-files.ts';
import type { ModelSummary } from '../../../preload/contract/models.ts';
import { bytes, whole } from '../../../preload/contract/figures.ts';
import type { Progress } from '../../services/tasks.ts';
import type { WithContext } from '../context.ts';
import { interruptible } from '../signals.ts';
import { pairs } from '../table.ts';
import { taskProgress } from '../task-progress.ts';

/** @param command “import” */
export function addModelImports(command: Command, withContext: WithContext): void {
  command
    .command('model <place>')
    .description(
      'a Hugging Face folder: checked, hashed, and left where it is; or a GGUF file, which is made into such a folder first',
    )
    .option('--output <folder>', 'of a GGUF file: where its folder goes; beside the file by default')
    .addOption(
      new Option('--dtype <type>', 'of a GGUF file: exact keeps every value')
        .choices(['exact', 'float32', 'bfloat16'])
        .default('exact'),
    )
    .option('--tokenizer <folder>', 'of a GGUF file: take the tokenizer of this folder')
    .option('--json', 'one JSON document on standard output')
    .action((place: string, options: ModelOptions) =>
      withContext(options, async ({ app, output }) => {
        const { modelLibrary, ggufModels } = await app.open();
        const { dtype, tokenizer, output: folder } = options;
        const at = (where: string | undefined): string | null => (where === undefined ? null : path.resolve(where));
        const gguf = { file: path.resolve(place), output: at(folder), dtype, tokenizer: at(tokenizer) };
        const model = /\.gguf$/i.test(place)
          ? await withProgress('Unpacking', (progress, signal) => ggufModels.take(gguf, progress, signal))
          : await withProgress('Reading', (progress, signal) => modelLibrary.add(place, progress, signal));
        output.result(model, () => modelText(model));
      }),
    );
  command
    .command('adapter <folder>')
    .description('a PEFT folder: checked against its base by the engine, then copied')
    .option('--base <model>', 'id of the model that it was made for, where its config does not lead to one')
    .option('--json', 'one JSON document on standard output')
    .action((folder: string, options: { base?: string; json?: boolean }) =>
      withContext(options, async ({ app, output }) => {
        const { adapterLibrary } = await app.open();
        const base = options.base ?? null;
        const adapter = await withProgress('Copying', (progress, signal) =>
          adapterLibrary.import(folder, base, progress, signal),
        );
        output.result(adapter, () => adapterText(adapter));
      }),
    );
}

interface ModelOptions {
  output?: string;
  dtype: UnpackedDtype;
  tokenizer?: string;
  json?: boolean;
}

function withProgress<T>(title: string, work: (progress: Progress, signal: AbortSignal) => Promise<T>): Promise<T> {
  const { progress, finish } = taskProgress(title);
  return interruptible(
    () => undefined,
    (signal) => work(progress, signal),
  ).finally(finish);
}

/** What a model is, for the terminal. */
export function modelText(model: ModelSummary): string {
  return pairs([
    ['Model', `${model.id} (${model.name})`],
    ['Architecture', `${model.architecture}, ${model.layers} layers of ${model.hiddenSize}`],
    ['Parameters', `${whole(model.parameters)}, ${model.dtype}, ${bytes(model.bytes)}`],
    ['Tokenizer', model.tokenizer ? `yes${model.chatTemplate ? ', with a chat template' : ''}` : 'none'],
    ['Licence', model.licence ?? 'not named'],
  ]);
}

function adapterText(adapter: AdapterSummary): string {
  return pairs([
    ['Adapter', `${adapter.id} (${adapter.name})`],
    ['Type', `${adapter.type}, rank ${adapter.rank}, alpha ${adapter.alpha}`],
    ['Layers', adapter.targets.join(', ')],
    ['Parameters', `${whole(adapter.parameters)}, ${bytes(adapter.bytes)}`],
    ['Base', `${adapter.base} (${adapter.baseName})`],
  ]);
}
