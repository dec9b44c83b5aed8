import type { Command } from 'commander';
import type { AdapterSummary } from '../../../preload/contract/adapters.ts';
import type { ModelSummary } from '../../../preload/contract/models.ts';
import { bytes, whole } from '../../../preload/contract/figures.ts';
import type { WithContext } from '../context.ts';
import { interruptible } from '../signals.ts';
import { pairs } from '../table.ts';
import { taskProgress } from '../task-progress.ts';

/** @param command “import” */
export function addModelImports(command: Command, withContext: WithContext): void {
  command
    .command('model <folder>')
    .description('a Hugging Face folder: checked, hashed, and left where it is')
    .option('--json', 'one JSON document on standard output')
    .action((folder: string, options: { json?: boolean }) =>
      withContext(options, async ({ app, output }) => {
        const { modelLibrary } = await app.open();
        const { progress, finish } = taskProgress('Reading');
        const model = await interruptible(
          () => undefined,
          (signal) => modelLibrary.add(folder, progress, signal),
        ).finally(finish);
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
        const { progress, finish } = taskProgress('Copying');
        const adapter = await interruptible(
          () => undefined,
          (signal) => adapterLibrary.import(folder, options.base ?? null, progress, signal),
        ).finally(finish);
        output.result(adapter, () => adapterText(adapter));
      }),
    );
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
