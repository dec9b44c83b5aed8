import { middle } from '../../components/charts/curve.ts';
import type { LineSeries } from '../../components/charts/line-series.ts';
import { t } from '../../i18n.ts';

/** One sentence over several curves: which of them ends lowest, which highest. */
export function verdictOf(series: readonly LineSeries[], write: (value: number) => string): string {
  const ends = series
    .map(({ label, curve }) => {
      let last = curve.x.length - 1;
      while (last >= 0 && !Number.isFinite(middle(curve, last))) last -= 1;
      return { label, last: last < 0 ? NaN : middle(curve, last) };
    })
    .filter(({ last }) => Number.isFinite(last))
    .sort((a, b) => a.last - b.last);
  const [lowest] = ends;
  const highest = ends.at(-1);
  if (!lowest || !highest) return t('charts.noData');
  if (ends.length === 1) return t('compare.verdict.one', { name: lowest.label, value: write(lowest.last) });
  return t('compare.verdict.many', {
    low: lowest.label,
    lowValue: write(lowest.last),
    high: highest.label,
    highValue: write(highest.last),
  });
}
