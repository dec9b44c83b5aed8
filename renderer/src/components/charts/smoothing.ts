import { curveOf, middle, type Curve } from './curve.ts';

/**
 * A moving average that looks back: `strength` 0 leaves the curve as it is, 1 averages over about a tenth of its length. Weights
 * follow distance in x and not the number of places, so that a thinned curve smooths like the whole one.
 */
export function smoothed(curve: Curve, strength: number): Curve {
  const length = curve.x.length;
  if (strength <= 0 || length < 3) return curve;
  const reach = (curve.x[length - 1]! - curve.x[0]!) * 0.1 * strength ** 2;
  const y = new Float64Array(length);
  let sum = 0;
  let weight = 0;
  for (let i = 0; i < length; i++) {
    const value = middle(curve, i);
    const keep = i === 0 ? 0 : Math.exp(-(curve.x[i]! - curve.x[i - 1]!) / reach);
    if (Number.isFinite(value)) {
      sum = sum * keep + value;
      weight = weight * keep + 1;
      y[i] = sum / weight;
    } else y[i] = NaN;
  }
  return curveOf(curve.x, y);
}
