import { Option, type Command } from 'commander';
import type { EvaluationRequest, GenerationRequest } from '../../services/inference.ts';
import { byteSize, numberBetween, positiveNumber, wholeNumber } from '../arguments.ts';
import type { WithContext } from '../context.ts';
import { interruptible } from '../signals.ts';
import { pairs } from '../table.ts';
import { figure, whole } from '../../../preload/contract/figures.ts';

const withModel = (command: Command): Command =>
  command
    .requiredOption('--model <folder>', 'Hugging Face folder of the model')
    .option('--adapter <folder>', 'PEFT folder of an adapter on top of it')
    .addOption(new Option('--precision <precision>', 'of weights and products').choices(['f32', 'bf16']).default('f32'))
    .addOption(new Option('--storage <storage>', 'how the weights are held').choices(['dense', 'nf4']).default('dense'))
    .option('--json', 'one JSON document on standard output');

export function addInference(program: Command, withContext: WithContext): void {
  withModel(program.command('eval').description('loss and perplexity of a model on a dataset'))
    .requiredOption('--data <path>', 'text file, folder of text files or tokens file')
    .addOption(new Option('--format <format>', 'of the data').choices(['auto', 'text', 'tokens']).default('auto'))
    .option('--sequence-length <tokens>', 'tokens a sequence (text)', positiveNumber, 256)
    .option('--no-packing', 'one document a sequence instead of documents joined')
    .option('--threads <count>', '0 = every core', wholeNumber, 0)
    .option('--memory-budget <size>', 'refuse to need more than this', byteSize)
    .action((options: EvaluationRequest & { json?: boolean }) =>
      withContext(options, async ({ app, output }) => {
        const result = await app.inference.evaluate(options);
        output.result(result, () =>
          pairs([
            ['Loss', figure(result.loss)],
            ['Perplexity', figure(result.perplexity)],
            ['Tokens', whole(result.tokens)],
          ]),
        );
      }),
    );
  withModel(program.command('generate').description('continue a text'))
    .requiredOption('--prompt <text>', 'what to continue')
    .option('--max-tokens <count>', 'at most so many tokens', positiveNumber, 128)
    .option('--temperature <value>', '0 = always the likeliest token', numberBetween(0, 100), 0.8)
    .option('--top-p <value>', 'among the likeliest tokens that make up this share', numberBetween(0, 1), 0.95)
    .option('--seed <number>', 'the same seed gives the same text', wholeNumber, 42)
    .action((options: GenerationRequest & { json?: boolean }) =>
      withContext(options, async ({ app, output }) => {
        const onText = (text: string): void => void process.stdout.write(text);
        if (!output.json) onText(options.prompt);
        const generation = await interruptible(
          () => undefined,
          (signal) => app.inference.generate(options, output.json ? undefined : onText, signal),
        );
        output.result(generation, () => '');
      }),
    );
}
