import type { Fit } from '../../../../preload/contract/models.ts';

/** What of the methods fits a model into the budget: all, some (the one that takes least is named), or none. */
export type Verdict =
  | { what: 'all' | 'some'; least: Fit }
  | { what: 'none'; least: Fit }
  /** No method could be planned. */
  | { what: 'unknown'; least: null };

export function verdictOf(fits: readonly Fit[]): Verdict {
  const planned = fits.filter(({ error }) => error === null).sort((a, b) => a.planBytes - b.planBytes);
  const least = planned[0];
  if (!least) return { what: 'unknown', least: null };
  const fitting = planned.filter((fit) => fit.fits).length;
  if (fitting === 0) return { what: 'none', least };
  return { what: fitting === planned.length ? 'all' : 'some', least };
}
