/** The lowest and highest of the values that are numbers; null where there are none. */
export function extentOf(values: Float64Array): { low: number; high: number } | null {
  let low = Infinity;
  let high = -Infinity;
  for (const value of values) {
    if (!Number.isFinite(value)) continue;
    if (value < low) low = value;
    if (value > high) high = value;
  }
  return low <= high ? { low, high } : null;
}

/** A value's place between the ends, 0 to 1; in the middle where all values are the same. */
export function shareOf(value: number, { low, high }: { low: number; high: number }): number {
  return high === low ? 0.5 : (value - low) / (high - low);
}
