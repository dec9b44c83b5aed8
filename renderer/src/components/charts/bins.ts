/** Bars of equal width over whole values from `from` (inclusive) to `to` (exclusive), and how much falls into each. */
export interface Bin {
  from: number;
  to: number;
  count: number;
}

/** Ascending values and how often each occurs, gathered into at most `limit` bars whose width is a round number. */
export function binned(values: Float64Array, counts: Float64Array, limit: number): Bin[] {
  if (values.length === 0) return [];
  const last = values.at(-1)!;
  const width = roundUp((last + 1) / limit);
  const bins: Bin[] = Array.from({ length: Math.floor(last / width) + 1 }, (_, i) => ({
    from: i * width,
    to: (i + 1) * width,
    count: 0,
  }));
  values.forEach((value, i) => (bins[Math.floor(value / width)]!.count += counts[i]!));
  return bins;
}

/** How much of the counted lies above a cut. */
export function above(values: Float64Array, counts: Float64Array, cut: number): number {
  let sum = 0;
  for (let i = values.length - 1; i >= 0 && values[i]! > cut; i--) sum += counts[i]!;
  return sum;
}

/** Round values from 0 up to `end`, at most `limit` steps apart. */
export function roundTicks(end: number, limit: number): number[] {
  const step = roundUp(end / limit);
  return Array.from({ length: Math.floor(end / step) + 1 }, (_, i) => i * step);
}

function roundUp(width: number): number {
  if (width <= 1) return 1;
  const power = 10 ** Math.floor(Math.log10(width));
  const factor = [1, 2, 4, 5, 8, 10].find((each) => each * power >= width) ?? 10;
  return Math.ceil(factor * power);
}
