import type { Command } from 'commander';
import { bytes, whole } from '../../../preload/contract/figures.ts';
import type { HubModel, UnfinishedDownload } from '../../../preload/contract/hub.ts';
import type { WithContext } from '../context.ts';
import { interruptible } from '../signals.ts';
import { table, type Column } from '../table.ts';

const right = (title: string): Column => ({ title, align: 'right' });
const orDash = (value: number | null, text: (value: number) => string): string => (value === null ? '–' : text(value));

/** `hub`: what a hub has, and downloads that are not whole yet. */
export function addHub(program: Command, withContext: WithContext): void {
  const hub = program.command('hub').description('models of the Hugging Face Hub: search, unfinished, discard');
  hub
    .command('search <words>')
    .description('models with safetensors that write text, the most downloaded first')
    .option('--endpoint <address>', 'another hub; else that of HF_ENDPOINT, of the settings, or huggingface.co')
    .option('--json', 'one JSON document on standard output')
    .action((words: string, options: { endpoint?: string; json?: boolean }) =>
      withContext(options, async ({ app, output }) => {
        const library = (await app.open()).hub;
        const found = await interruptible(
          () => undefined,
          (signal) => library.search(words, options.endpoint, signal),
        );
        output.result(found, () => foundText(found));
      }),
    );
  hub
    .command('unfinished')
    .description('downloads that were begun: `download` goes on with them, `hub discard` removes them')
    .option('--json', 'one JSON document on standard output')
    .action((options: { json?: boolean }) =>
      withContext(options, async ({ app, output }) => {
        const list = await (await app.open()).hub.unfinished();
        output.result(list, () => unfinishedText(list));
      }),
    );
  hub
    .command('discard <id>')
    .description('remove what has come of an unfinished download')
    .option('--json', 'one JSON document on standard output')
    .action((id: string, options: { json?: boolean }) =>
      withContext(options, async ({ app, output }) => {
        await (await app.open()).hub.discard(id);
        output.result({ discarded: id }, () => `Removed what had come of ${id}.`);
      }),
    );
}

function foundText(found: readonly HubModel[]): string {
  if (found.length === 0) return 'Nothing found.';
  return table(
    [{ title: 'Repository' }, right('Parameters'), right('Weights'), right('Downloads'), { title: 'Licence' }],
    found.map(({ repository, parameters, bytes: size, downloads, licence, gated }) => [
      repository,
      orDash(parameters, whole),
      orDash(size, bytes),
      orDash(downloads, whole),
      `${licence ?? '–'}${gated ? ', terms to accept' : ''}`,
    ]),
  );
}

function unfinishedText(list: readonly UnfinishedDownload[]): string {
  if (list.length === 0) return 'No unfinished downloads.';
  return table(
    [{ title: 'Id' }, { title: 'Repository' }, right('There'), right('Of')],
    list.map(({ id, repository, doneBytes, totalBytes }) => [id, repository, bytes(doneBytes), bytes(totalBytes)]),
  );
}
