import { count, duration, whole } from '../../format.ts';
import { curveOf, firstAt, middle, valueAt, type Curve } from './curve.ts';
import type { View } from './view.ts';

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

/** The part of the steps that a part of the axis covers: the way back of `overAxis`. */
export function stepsUnder(view: View, scale: Curve | undefined): View {
  if (!scale || scale.x.length < 2) return view;
  const way = curveOf(
    scale.x.map((_, i) => middle(scale, i)),
    scale.x,
  );
  const stepAt = (x: number, outside: number): number => {
    const step = valueAt(way, x);
    return Number.isNaN(step) ? outside : step;
  };
  return { from: stepAt(view.from, scale.x[0]!), to: stepAt(view.to, scale.x.at(-1)!) };
}

/** What a run tells of a step under its index, from 0, as a curve over steps done: evaluations and checkpoints count those. */
export function overStepsDone(curve: Curve): Curve {
  return { ...curve, x: curve.x.map((index) => index + 1) };
}

/** How places on an axis are written. */
export const axisWriting: Record<AxisKind, (x: number) => string> = { step: whole, tokens: count, time: duration };
