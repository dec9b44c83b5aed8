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
