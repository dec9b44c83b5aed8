import { firstAt, type Curve } from './curve.ts';

/** Values of several curves over one x, as uPlot takes them: undefined = nothing here, null = a gap in the line. */
export interface Drawn {
  x: number[];
  values: (number | null | undefined)[][];
}

/**
 * What of some curves is to be drawn between `from` and `to` on so many pixel columns. Where there are more places than columns each
 * column keeps its lowest and highest value in the order in which they came, so that no spike is lost; where there are few, every
 * place is drawn where it is. One place on either side of the range is kept, so that lines run to the edge.
 */
export function drawn(curves: readonly Curve[], from: number, to: number, columns: number): Drawn {
  const ranges = curves.map(({ x }) => ({
    start: Math.max(0, firstAt(x, from) - 1),
    end: Math.min(x.length, firstAt(x, to) + 1 + (x[firstAt(x, to)] === to ? 1 : 0)),
  }));
  const plain = curves.every((curve, i) => isPlain(curve, ranges[i]!));
  const places = Math.max(0, ...ranges.map(({ start, end }) => end - start));
  return plain && places <= 2 * columns ? exact(curves, ranges) : columnwise(curves, ranges, from, to, columns);
}

/**
 * Whether a line goes up and down so often that dashes and width would not be seen in it, while drawing them takes a hundred times as
 * long as a hairline: it then crosses its own height more than forty times.
 */
export function restless(values: readonly (number | null | undefined)[]): boolean {
  let least = Infinity;
  let most = -Infinity;
  let way = 0;
  let last: number | null = null;
  for (const value of values) {
    if (value === null || value === undefined) continue;
    if (value < least) least = value;
    if (value > most) most = value;
    if (last !== null) way += Math.abs(value - last);
    last = value;
  }
  return most > least && way > 40 * (most - least);
}

interface Range {
  start: number;
  end: number;
}

function isPlain({ low, high }: Curve, { start, end }: Range): boolean {
  if (low === high) return true;
  for (let i = start; i < end; i++) if (low[i] !== high[i]) return false;
  return true;
}

function exact(curves: readonly Curve[], ranges: readonly Range[]): Drawn {
  const places = new Set<number>();
  curves.forEach(({ x }, i) => {
    for (let at = ranges[i]!.start; at < ranges[i]!.end; at++) places.add(x[at]!);
  });
  const x = [...places].sort((a, b) => a - b);
  const values = curves.map((curve, i) => {
    const { start, end } = ranges[i]!;
    let at = start;
    return x.map((place) => {
      if (at >= end || curve.x[at] !== place) return undefined;
      const value = curve.low[at++]!;
      return Number.isFinite(value) ? value : null;
    });
  });
  return { x, values };
}

function columnwise(
  curves: readonly Curve[],
  ranges: readonly Range[],
  from: number,
  to: number,
  columns: number,
): Drawn {
  const width = (to - from) / columns || 1;
  // Two places in each column, and a column on either side for the neighbours that lie outside.
  const x: number[] = [];
  for (let column = -1; column <= columns; column++)
    x.push(from + width * (column + 0.25), from + width * (column + 0.75));
  const values = curves.map((curve, i) => columnsOf(curve, ranges[i]!, from, width, columns, x.length));
  return { x, values };
}

function columnsOf(
  { x, low, high }: Curve,
  { start, end }: Range,
  from: number,
  width: number,
  columns: number,
  length: number,
): (number | null | undefined)[] {
  const values = new Array<number | null | undefined>(length).fill(undefined);
  let at = start;
  let column = -2;
  while (at < end) {
    // Never the column before: rounding may put its right edge a hair before a place that is still in it.
    column = Math.min(columns, Math.max(column + 1, Math.floor((x[at]! - from) / width)));
    const edge = column === columns ? Infinity : from + width * (column + 1);
    let least = at;
    let most = at;
    let broken = Number.isNaN(low[at]!);
    let next = at + 1;
    for (; next < end && x[next]! < edge; next++) {
      const under = low[next]!;
      if (under < low[least]!) least = next;
      if (high[next]! > high[most]!) most = next;
      // A number takes the place of NaN, which compares with nothing.
      if (under !== under) broken = true;
      else if (broken && low[least] !== low[least]) least = most = next;
    }
    const place = 2 * (column + 1);
    const [first, second] = least < most ? [low[least]!, high[most]!] : [high[most]!, low[least]!];
    values[place] = Number.isFinite(first) ? first : null;
    if (first !== second || broken) values[place + 1] = broken ? null : second;
    at = next;
  }
  return values;
}
