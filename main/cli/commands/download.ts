import type { Command } from 'commander';
import { RankwiseError } from '../../../preload/contract/errors.ts';
import type { WithContext } from '../context.ts';
import { interruptible } from '../signals.ts';
import { taskProgress } from '../task-progress.ts';
import { modelText } from './import-models.ts';

interface Options {
  revision: string;
  endpoint?: string;
  output?: string;
  json?: boolean;
}

/** `download`: a model of the Hugging Face Hub, or of a mirror. */
export function addDownload(program: Command, withContext: WithContext): void {
  program
    .command('download <repository>')
    .description(
      'a model of the Hugging Face Hub: checked, hashed and taken into the library; goes on where it was interrupted',
    )
    .option('--revision <name>', 'branch, tag or commit', 'main')
    .option('--endpoint <address>', 'another hub; else that of HF_ENDPOINT, of the settings, or huggingface.co')
    .option('--output <folder>', 'a folder to be made, instead of one of the library')
    .option('--json', 'one JSON document on standard output')
    .action((repository: string, options: Options) =>
      withContext(options, async ({ app, output: terminal }) => {
        const { hub } = await app.open();
        const { revision, endpoint, output } = options;
        const { progress, finish } = taskProgress(`Downloading ${repository}`);
        const model = await interruptible(
          () => undefined,
          (signal) =>
            hub
              .download(
                {
                  repository,
                  revision,
                  ...(endpoint === undefined ? {} : { endpoint }),
                  ...(output === undefined ? {} : { output }),
                },
                progress,
                signal,
              )
              .catch((error: unknown) => {
                throw signal.aborted ? stopped(repository) : error;
              }),
        ).finally(finish);
        terminal.result(model, () => modelText(model));
      }),
    );
}

const stopped = (repository: string): RankwiseError =>
  new RankwiseError(
    'E_CANCELLED',
    `The download of ${repository} was stopped.`,
    'What has come is kept: the same command goes on from there.',
  );
