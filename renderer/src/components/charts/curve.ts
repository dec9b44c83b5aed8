import type { Series } from '../../../../preload/contract/runs.ts';

/**
 * A curve: `x` ascending, and at each place the lowest and highest value that was met there (the same where one value stands for
 * itself). NaN is a gap: the run diverged there.
 */
export interface Curve {
  x: Float64Array;
  low: Float64Array;
  high: Float64Array;
}

export const emptyCurve = (): Curve => curveOf(new Float64Array(), new Float64Array());

export const curveOf = (x: Float64Array, y: Float64Array): Curve => ({ x, low: y, high: y });

export const curveOfSeries = ({ steps, minimum, maximum }: Series): Curve => ({
  x: steps,
  low: minimum,
  high: maximum,
});

/** Middle of lowest and highest at an index. */
export const middle = (curve: Curve, index: number): number => (curve.low[index]! + curve.high[index]!) / 2;

/** Index of the first place that is at or after `x`; the length where there is none. */
export function firstAt(xs: Float64Array, x: number): number {
  let from = 0;
  let to = xs.length;
  while (from < to) {
    const half = (from + to) >> 1;
    if (xs[half]! < x) from = half + 1;
    else to = half;
  }
  return from;
}

/** Index of the place closest to `x`, −1 for an empty curve. */
export function nearestTo(xs: Float64Array, x: number): number {
  const after = firstAt(xs, x);
  if (after === 0) return xs.length > 0 ? 0 : -1;
  if (after === xs.length) return after - 1;
  return x - xs[after - 1]! <= xs[after]! - x ? after - 1 : after;
}

/** The curve's value at any x, on a straight line between its neighbours; NaN outside of it. */
export function valueAt(curve: Curve, x: number): number {
  const after = firstAt(curve.x, x);
  if (after === curve.x.length) return NaN;
  if (curve.x[after] === x) return middle(curve, after);
  if (after === 0) return NaN;
  const share = (x - curve.x[after - 1]!) / (curve.x[after]! - curve.x[after - 1]!);
  return middle(curve, after - 1) * (1 - share) + middle(curve, after) * share;
}

/** With new values at its end. What is not after the last place, or is NaN because the series has no value there, is left out. */
export function appended(curve: Curve, x: Float64Array, y: Float64Array): Curve {
  const last = curve.x.at(-1) ?? -Infinity;
  const taken: number[] = [];
  for (let i = 0; i < x.length; i++) if (x[i]! > last && !Number.isNaN(y[i])) taken.push(i);
  if (taken.length === 0) return curve;
  return {
    x: joined(curve.x, x, taken),
    low: joined(curve.low, y, taken),
    high: joined(curve.high, y, taken),
  };
}

function joined(before: Float64Array, more: Float64Array, taken: readonly number[]): Float64Array {
  const whole = new Float64Array(before.length + taken.length);
  whole.set(before);
  taken.forEach((index, i) => (whole[before.length + i] = more[index]!));
  return whole;
}

/**
 * The value that was met closest to `x`; NaN where the curve has ended, or not begun, more than `reach` away.
 */
export function valueNear(curve: Curve, x: number, reach: number): number {
  const index = nearestTo(curve.x, x);
  if (index < 0) return NaN;
  // What is measured every hundred steps has not ended a hundred steps after its last place.
  const last = curve.x.at(-1)!;
  const outside = x < curve.x[0]! - reach || x > last + Math.max(reach, last - (curve.x.at(-2) ?? last));
  return outside ? NaN : middle(curve, index);
}

/** At most `limit` places of the longest of some curves between two x, evenly taken, the last one among them. */
export function placesWithin(curves: readonly Curve[], from: number, to: number, limit: number): number[] {
  const longest = curves.reduce<Float64Array>((most, { x }) => (x.length > most.length ? x : most), new Float64Array());
  const first = firstAt(longest, from);
  const end = firstAt(longest, to) + (longest[firstAt(longest, to)] === to ? 1 : 0);
  const every = Math.max(1, Math.ceil((end - first) / limit));
  const places: number[] = [];
  for (let i = first; i < end; i += every) places.push(longest[i]!);
  if (end > first && places.at(-1) !== longest[end - 1]) places.push(longest[end - 1]!);
  return places;
}
