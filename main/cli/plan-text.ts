import type { MemoryPlan } from '../../preload/contract/events.ts';
import { bar } from './chart.ts';
import { table } from './table.ts';
import { bytes } from '../../preload/contract/figures.ts';

/** A memory plan for people. */
export function planText(name: string, plan: MemoryPlan): string {
  const share = (value: number): string => bar(plan.planBytes > 0 ? value / plan.planBytes : 0, 24);
  const rows = (parts: Record<string, number>): string[][] =>
    Object.entries(parts)
      .filter(([, value]) => value > 0)
      .map(([part, value]) => [part, bytes(value), share(value)]);
  const columns = (title: string) => [{ title }, { title: 'Bytes', align: 'right' as const }, { title: '' }];
  const verdict = plan.fits
    ? `fits the budget of ${bytes(plan.budgetBytes)}`
    : `does not fit the budget of ${bytes(plan.budgetBytes)}: ${bytes(plan.planBytes - plan.budgetBytes)} too much`;
  const suggestions = plan.suggestions.map(({ change, savesBytes }) => `  ${change} saves ${bytes(savesBytes)}`);
  return [
    `${name}: ${bytes(plan.planBytes)} at the peak, ${plan.budgetBytes > 0 ? verdict : 'no budget set'}`,
    '',
    table(columns('At the peak'), rows(plan.byCategory)),
    '',
    table(columns('Peak of the phase'), rows(plan.byPhase)),
    '',
    `Outside the plan (program, libraries): about ${bytes(plan.outsideBytes)}`,
    ...(suggestions.length > 0 ? ['', plan.fits ? 'To save more:' : 'What would help:', ...suggestions] : []),
  ].join('\n');
}
