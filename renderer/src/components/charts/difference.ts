import { curveOf, middle, valueAt, type Curve } from './curve.ts';

/** How far a curve lies above a baseline, at the curve's places where both have a value. */
export function difference(curve: Curve, baseline: Curve): Curve {
  const x: number[] = [];
  const y: number[] = [];
  for (let i = 0; i < curve.x.length; i++) {
    const under = valueAt(baseline, curve.x[i]!);
    if (Number.isNaN(under)) continue;
    x.push(curve.x[i]!);
    y.push(middle(curve, i) - under);
  }
  return curveOf(Float64Array.from(x), Float64Array.from(y));
}
