import { firstAt, middle, type Curve } from './curve.ts';

/** What a chart's x axis counts. */
export type AxisKind = 'step' | 'tokens' | 'time';

/**
 * The curve over tokens or seconds instead of steps. `scale` is that run's own series of tokens or seconds by step; between its
 * places, and outside of them, it is taken to be straight.
 */
export function overAxis(curve: Curve, scale: Curve | undefined): Curve {
  if (!scale || scale.x.length === 0) return curve;
  return { ...curve, x: curve.x.map((step) => scaled(scale, step)) };
}

function scaled(scale: Curve, step: number): number {
  const count = scale.x.length;
  if (count === 1) return scale.x[0] === 0 ? step : (middle(scale, 0) * step) / scale.x[0]!;
  const after = Math.min(count - 1, Math.max(1, firstAt(scale.x, step)));
  const span = scale.x[after]! - scale.x[after - 1]!;
  const rise = middle(scale, after) - middle(scale, after - 1);
  return middle(scale, after - 1) + (rise * (step - scale.x[after - 1]!)) / span;
}
