import type { LineSeries } from './line-series.ts';
import { smoothed } from './smoothing.ts';

/** A line as the plot draws it: `faint` for the raw values under a smoothed line, `restless` where its noise would swallow dashes and width. */
export interface PlotLine {
  series: LineSeries;
  faint: boolean;
  restless?: boolean;
  shown: boolean;
}

/** The lines of some series, raw ones first so that smoothed ones lie over them. */
export function plotLines(series: readonly LineSeries[], hidden: readonly string[], smoothing: number): PlotLine[] {
  const bold = series.map((each) => ({ series: each, faint: false, shown: !hidden.includes(each.id) }));
  if (smoothing <= 0) return bold;
  const raw = bold.filter(({ series }) => !series.rough).map((line) => ({ ...line, faint: true }));
  return [
    ...raw,
    ...bold.map((line) =>
      line.series.rough ? line : { ...line, series: { ...line.series, curve: smoothed(line.series.curve, smoothing) } },
    ),
  ];
}
