import { Option, type Command } from 'commander';
import { positiveNumber, wholeNumber } from '../arguments.ts';
import type { WithContext } from '../context.ts';
import { pairs } from '../table.ts';

interface BenchOptions {
  json?: boolean;
  preset: string;
  method: string;
  precision: string;
  storage?: string;
  rank?: number;
  batch: number;
  sequenceLength: number;
  steps: number;
  threads: number;
}

export function addBench(program: Command, withContext: WithContext): void {
  program
    .command('bench [what]')
    .description('the benchmarks of the engine: step, products, attention, head, quantize, subspace')
    .option('--preset <name>', 'model of the step', 'llama-9m')
    .option('--method <name>', 'method of the step', 'lora')
    .addOption(new Option('--precision <precision>', 'of the step').choices(['f32', 'bf16']).default('bf16'))
    .option('--storage <storage>', 'how frozen weights are held; default: the method’s own')
    .option('--rank <rank>', 'of the method', positiveNumber)
    .option('--batch <sequences>', 'sequences a step', positiveNumber, 8)
    .option('--sequence-length <tokens>', 'tokens a sequence', positiveNumber, 256)
    .option('--steps <count>', 'steps that are timed', positiveNumber, 5)
    .option('--threads <count>', '0 = every core', wholeNumber, 0)
    .option('--json', 'one JSON document on standard output')
    .action((what: string | undefined, { json, ...settings }: BenchOptions) =>
      withContext({ json }, async ({ app, output }) => {
        const result = await app.system.bench({ what: what ?? 'step', ...settings });
        output.result(result, () =>
          pairs(
            Object.entries(result).map(([name, value]) => [
              name,
              typeof value === 'string' ? value : JSON.stringify(value),
            ]),
          ),
        );
      }),
    );
}
