import { Argument, Option, type Command } from 'commander';
import type { StepBenchmark, StepComparison, StepFigures } from '../../services/benchmarks.ts';
import { migrations } from '../../paths.ts';
import { measureStore, type StoreFigures } from '../../services/store-benchmark.ts';
import { methodSetting, positiveNumber, wholeNumber } from '../arguments.ts';
import type { WithContext } from '../context.ts';
import { benchMethods, comparisonTable } from './bench-methods.ts';
import { pairs, table } from '../table.ts';
import { bytes, duration, whole } from '../../../preload/contract/figures.ts';

const PARTS = ['step', 'products', 'attention', 'head', 'quantize', 'subspace', 'methods', 'store'];

interface Options extends StepBenchmark {
  storage?: string;
  set: Record<string, unknown>;
  against?: 'torch';
  rounds: number;
  seeds: number;
  sweep?: boolean;
  only: string[];
  json?: boolean;
}

export function addBench(program: Command, withContext: WithContext): void {
  program
    .command('bench')
    .addArgument(new Argument('[what]', 'what to measure').choices(PARTS).default('step'))
    .description('measure: a training step, a part of the engine, what the methods reach on a text, the records')
    .option('--preset <name>', 'model of the step', 'llama-9m')
    .option('--method <name>', 'method of the step', 'lora')
    .addOption(new Option('--precision <precision>', 'of the step').choices(['f32', 'bf16']).default('bf16'))
    .option('--storage <storage>', 'how weights are held; default: the method’s own')
    .option('--rank <rank>', 'of the method', positiveNumber, 16)
    .option('--set <name=value...>', 'further settings of the method, e.g. trainRest=true', methodSetting, {})
    .option('--batch <sequences>', 'sequences a step', positiveNumber, 8)
    .option('--sequence-length <tokens>', 'tokens a sequence', positiveNumber, 256)
    .option('--steps <count>', 'steps that are timed', positiveNumber, 5)
    .option('--threads <count>', '0 = every core', wholeNumber, 0)
    .addOption(new Option('--against <other>', 'measure the same step in PyTorch too, in turn').choices(['torch']))
    .option('--rounds <count>', 'how often both are measured in turn', positiveNumber, 3)
    .option('--seeds <count>', 'methods: seeds of each', positiveNumber, 3)
    .option('--sweep', 'methods: try every stored learning rate again')
    .option('--only <method...>', 'methods: only these', [])
    .option('--json', 'one JSON document on standard output')
    .action((what: string, { json, against, rounds, seeds, sweep, only, set, ...rest }: Options) =>
      withContext({ json }, async ({ app, output }) => {
        const settings = { ...rest, settings: set };
        if (what === 'methods') {
          const comparison = await benchMethods({ seeds, sweep: sweep ?? false, only }, (line) => output.note(line));
          output.result(comparison, () => comparisonTable(comparison));
          return;
        }
        if (what === 'store') {
          const figures = await measureStore(app.methods, migrations);
          output.result(figures, () => storeText(figures));
          return;
        }
        if (against && what === 'step') {
          const comparison = await app.benchmarks.stepAgainstTorch(settings, rounds);
          output.result(comparison, () => comparisonText(comparison));
          return;
        }
        const result = await app.benchmarks.part(what, settings);
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

function storeText(figures: StoreFigures): string {
  const time = (milliseconds: number): string => duration(milliseconds / 1000);
  return pairs([
    ['50,000 rows stored', time(figures.storeRowsMs)],
    ['500 runs listed', time(figures.listRunsMs)],
    ['10 series of 100,000 steps', time(figures.wholeSeriesMs)],
    ['a tenth of each', time(figures.zoomedSeriesMs)],
    ['50,000 steps taken back', time(figures.dropMs)],
  ]);
}

function comparisonText({ against, ratio, ...own }: StepComparison): string {
  const row = (name: string, figures: StepFigures): string[] => [
    name,
    duration(figures.secondsPerStep),
    whole(figures.tokensPerSecond),
    bytes(figures.peakResidentBytes),
  ];
  const right = (title: string) => ({ title, align: 'right' as const });
  return table(
    [{ title: '' }, right('Step'), right('Tokens/s'), right('Peak resident')],
    [
      row('Rankwise', own),
      row('PyTorch', against),
      ['ratio', '', `${ratio.tokensPerSecond.toFixed(2)} ×`, `${ratio.peakResidentBytes.toFixed(2)} ×`],
    ],
  );
}
