import { middle, type Curve } from './curve.ts';

/** What one sentence says about a curve. */
export interface Summary {
  direction: 'fell' | 'rose' | 'held';
  first: number;
  last: number;
  lowest: number;
  /** x of the lowest value. */
  lowestAt: number;
}

/** Null for a curve without a number in it. A change of less than half a percent is none. */
export function summaryOf(curve: Curve): Summary | null {
  let first = NaN;
  let last = NaN;
  let lowest = Infinity;
  let lowestAt = NaN;
  for (let i = 0; i < curve.x.length; i++) {
    const value = middle(curve, i);
    if (!Number.isFinite(value)) continue;
    if (Number.isNaN(first)) first = value;
    last = value;
    if (curve.low[i]! < lowest) {
      lowest = curve.low[i]!;
      lowestAt = curve.x[i]!;
    }
  }
  if (Number.isNaN(first)) return null;
  const change = last - first;
  const held = Math.abs(change) <= 0.005 * Math.max(Math.abs(first), Math.abs(last));
  return { direction: held ? 'held' : change < 0 ? 'fell' : 'rose', first, last, lowest, lowestAt };
}
