import type { Curve } from './curve.ts';

/** The part of the x axis that a chart shows. */
export interface View {
  from: number;
  to: number;
}

/** Never narrower than a millionth of the whole; inside the whole; null where it is the whole. */
export function within(view: View, whole: View): View | null {
  const length = whole.to - whole.from;
  const span = Math.max(length * 1e-6, view.to - view.from);
  if (span >= length * 0.999) return null;
  const from = Math.min(Math.max(view.from, whole.from), whole.to - span);
  return { from, to: from + span };
}

/** `factor` under 1 goes nearer; `at` stays where it is. */
export function zoomed(view: View, factor: number, at: number): View {
  return { from: at - (at - view.from) * factor, to: at + (view.to - at) * factor };
}

/** Moved by a share of its own width. */
export function panned(view: View, share: number): View {
  const by = (view.to - view.from) * share;
  return { from: view.from + by, to: view.to + by };
}

/** From the first to the last place of some curves; null where none has any. */
export function extentOf(curves: readonly Curve[]): View | null {
  let from = Infinity;
  let to = -Infinity;
  for (const { x } of curves) {
    if (x.length === 0) continue;
    from = Math.min(from, x[0]!);
    to = Math.max(to, x.at(-1)!);
  }
  return from <= to ? { from, to } : null;
}

/** What a key does to a chart that shows `view` with its cursor at `at`: another view (null = all), or another place of the cursor. */
export function byKey(
  key: string,
  shift: boolean,
  view: View,
  at: number,
): { view: View | null } | { at: number } | null {
  const by = (view.to - view.from) / 50;
  switch (key) {
    case '+':
    case '=':
      return { view: zoomed(view, 0.6, at) };
    case '-':
      return { view: zoomed(view, 1 / 0.6, at) };
    case '0':
    case 'Escape':
      return { view: null };
    case 'ArrowLeft':
      return shift ? { view: panned(view, -0.2) } : { at: Math.max(view.from, at - by) };
    case 'ArrowRight':
      return shift ? { view: panned(view, 0.2) } : { at: Math.min(view.to, at + by) };
    case 'Home':
      return { at: view.from };
    case 'End':
      return { at: view.to };
    default:
      return null;
  }
}
