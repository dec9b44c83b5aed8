import uPlot from 'uplot';
import { colour } from '../../theme.ts';
import { runToken } from './palette.ts';
import { dashOf, type ChartMark } from './line-series.ts';
import type { PlotLine } from './plot-lines.ts';

export interface PlotLook {
  width: number;
  height: number;
  log: boolean;
  zeroLine: boolean;
  /** A group of charts whose cursors move together. */
  group: string | undefined;
  view: () => { from: number; to: number };
  marks: () => readonly ChartMark[];
  writeX: (x: number) => string;
  writeY: (y: number) => string;
}

const FONT = '11px "Inter Variable", system-ui, sans-serif';

/** The plot's options, with colours as the theme has them now. */
export function plotOptions(lines: readonly PlotLine[], look: PlotLook, hooks: uPlot.Hooks.Arrays): uPlot.Options {
  const ink = colour('ink-faint');
  const line = colour('line');
  const marks: MarkInk = { past: colour('accent'), coming: colour('edge') };
  const axis = { stroke: ink, font: FONT, ticks: { show: false }, grid: { stroke: line, width: 1 } };
  return {
    width: look.width,
    height: look.height,
    padding: [8, 12, 0, 0],
    legend: { show: false },
    cursor: {
      drag: { x: true, y: false, setScale: false, dist: 4 },
      points: { size: (_, index) => (lines[index - 1]?.faint ? 0 : 7) },
      ...(look.group ? { sync: { key: look.group, setSeries: false, scales: ['x', null] as [string, null] } } : {}),
      bind: { dblclick: () => null },
    },
    scales: {
      x: { time: false, range: () => [look.view().from, look.view().to] },
      y: look.log ? { distr: 3 } : { range: (_, low, high) => uPlot.rangeNum(low ?? 0, high ?? 1, 0.08, true) },
    },
    axes: [
      { ...axis, grid: { show: false }, size: 26, gap: 4, space: 70, values: (_, ticks) => ticks.map(look.writeX) },
      {
        ...axis,
        size: (_, values) => 14 + 6.4 * Math.max(3, ...(values ?? []).map((value) => value?.length ?? 0)),
        gap: 6,
        space: 34,
        values: (_, ticks) => ticks.map((tick) => (tick === null ? '' : look.writeY(tick))),
      },
    ],
    series: [{}, ...lines.map(seriesOptions)],
    hooks: { ...hooks, drawAxes: [(plot) => drawMarks(plot, look, marks)] },
  };
}

function seriesOptions({ series, faint, restless, shown }: PlotLine): uPlot.Series {
  const stroke = colour(series.token ?? runToken(series.place));
  return {
    show: shown,
    stroke,
    alpha: faint ? 0.28 : 1,
    ...strokeOf({ series, faint, shown, restless }),
    points: { show: Boolean(series.dots) && !faint, size: 5, fill: stroke },
  };
}

interface MarkInk {
  past: string;
  coming: string;
}

/** Width and dash. One device pixel is the width that is drawn fastest by far. */
export function strokeOf({ series, faint, restless }: PlotLine): { width: number; dash: number[] } {
  const hairline = 1 / uPlot.pxRatio;
  if (restless) return { width: hairline, dash: [] };
  return faint ? { width: hairline, dash: [] } : { width: 1.6, dash: [...dashOf(series)] };
}

/** Marks stand at the upper edge; hairlines go down from them where there are few enough to be told apart. */
function drawMarks(plot: uPlot, look: PlotLook, ink: MarkInk): void {
  const { ctx, bbox } = plot;
  const { from, to } = look.view();
  const inView = look.marks().filter(({ x }) => x >= from && x <= to);
  const pixel = uPlot.pxRatio;
  ctx.save();
  ctx.lineWidth = pixel;
  for (const mark of inView) {
    const x = Math.round(plot.valToPos(mark.x, 'x', true)) + pixel / 2;
    ctx.strokeStyle = mark.coming ? ink.coming : ink.past;
    ctx.globalAlpha = 1;
    ctx.setLineDash(mark.coming ? [2 * pixel, 2 * pixel] : []);
    stroke(ctx, x, bbox.top, bbox.top + 7 * pixel);
    if (inView.length > 40) continue;
    ctx.globalAlpha = 0.35;
    ctx.setLineDash([2 * pixel, 3 * pixel]);
    stroke(ctx, x, bbox.top + 7 * pixel, bbox.top + bbox.height);
  }
  if (look.zeroLine && (plot.scales['y']?.min ?? 1) <= 0 && (plot.scales['y']?.max ?? -1) >= 0) {
    const y = Math.round(plot.valToPos(0, 'y', true)) + pixel / 2;
    ctx.globalAlpha = 1;
    ctx.setLineDash([]);
    ctx.strokeStyle = ink.coming;
    ctx.beginPath();
    ctx.moveTo(bbox.left, y);
    ctx.lineTo(bbox.left + bbox.width, y);
    ctx.stroke();
  }
  ctx.restore();
}

function stroke(ctx: CanvasRenderingContext2D, x: number, from: number, to: number): void {
  ctx.beginPath();
  ctx.moveTo(x, from);
  ctx.lineTo(x, to);
  ctx.stroke();
}
