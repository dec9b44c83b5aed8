import type { Command } from 'commander';
import type { Method, MethodParameter } from '../../../preload/contract/methods.ts';
import type { WithContext } from '../context.ts';
import { table } from '../table.ts';

export function addMethods(program: Command, withContext: WithContext): void {
  program
    .command('methods [name]')
    .description('the registry: every method with its settings, ranges, defaults and source')
    .option('--json', 'one JSON document on standard output')
    .action((name: string | undefined, options: { json?: boolean }) =>
      withContext(options, async ({ app, output }) => {
        if (name) {
          const method = await app.methods.find(name);
          output.result(method, () => describe(method));
          return;
        }
        const registry = await app.methods.registry();
        output.result(registry, () => {
          const presets = registry.presets.map((preset) => preset.name).join(', ');
          return `${registry.methods.map(describe).join('\n\n')}\n\nModel presets: ${presets}`;
        });
      }),
    );
}

function describe(method: Method): string {
  const parts = Object.entries(method.parts).map(([part, value]) => `${part} ${value}`);
  const rows = method.parameters.map((parameter) => [
    `  ${parameter.name}`,
    String(parameter.default),
    range(parameter),
    parameter.help,
  ]);
  const settings = table(
    [{ title: '  Setting' }, { title: 'Default' }, { title: 'Range' }, { title: 'What it does' }],
    rows,
  );
  return [
    `${method.name}: ${method.title}`,
    `  ${method.summary}`,
    `  ${method.citation}`,
    `  ${parts.join(' · ')}`,
    ...(rows.length > 0 ? [settings] : []),
  ].join('\n');
}

function range(parameter: MethodParameter): string {
  if (parameter.type === 'choice') return parameter.choices?.join(' | ') ?? '';
  if (parameter.type === 'boolean') return 'true | false';
  const { minimum, maximum, unit } = parameter;
  const figures =
    minimum !== undefined && maximum !== undefined
      ? `${minimum} … ${maximum}`
      : minimum !== undefined
        ? `≥ ${minimum}`
        : maximum !== undefined
          ? `≤ ${maximum}`
          : '';
  return unit ? `${figures} ${unit}`.trim() : figures;
}
