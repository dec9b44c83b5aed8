import type { Command } from 'commander';
import type { WithContext } from '../context.ts';
import { pairs, table } from '../table.ts';
import { bytes } from '../../../preload/contract/figures.ts';

export function addDoctor(program: Command, withContext: WithContext): void {
  program
    .command('doctor')
    .description('machine, backends, versions; --selftest runs the op table on each backend')
    .option('--selftest', 'run every operation of the engine against its reference')
    .option('--json', 'one JSON document on standard output')
    .action((options: { selftest?: boolean; json?: boolean }) =>
      withContext(options, async ({ app, output }) => {
        const report = await app.system.doctor({ selftest: options.selftest ?? false });
        output.result(report, () => {
          const machine = pairs([
            ['Engine', `${report.engineVersion} (${report.compiler}), kernels for ${report.isa}`],
            ['Node', report.node],
            ['Cores', String(report.cores)],
            ['Memory', `${bytes(report.memoryBytes)}, ${bytes(report.freeBytes)} free`],
            ['Budget', `${bytes(report.budgetBytes)} unless a run says otherwise`],
            ['Records', report.home],
          ]);
          const backends = table(
            [{ title: 'Backend' }, { title: 'State' }],
            report.backends.map((backend) => [
              backend.name,
              backend.available ? (backend.detail ?? 'ready') : backend.reason,
            ]),
          );
          const selftest = report.selftest
            ? `\n\nSelf-test\n${pairs(Object.entries(report.selftest).map(([name, value]) => [name, show(value)]))}`
            : '';
          return `${machine}\n\n${backends}${selftest}`;
        });
        if (Number(report.selftest?.failed ?? 0) > 0) process.exitCode = 1;
      }),
    );
}

const show = (value: unknown): string => (typeof value === 'string' ? value : JSON.stringify(value));
