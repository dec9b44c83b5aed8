const GIB = 2 ** 30;

/** Steps of the budget's slider: fine on small machines, whole gibibytes on large ones. */
export function budgetStep(memoryBytes: number): number {
  if (memoryBytes <= 16 * GIB) return GIB / 4;
  return memoryBytes <= 64 * GIB ? GIB / 2 : GIB;
}

/** Ticks worth knowing: powers of two below the machine's memory, at most four, the largest ones. */
export function budgetMarks(memoryBytes: number): number[] {
  const marks = [];
  for (let size = GIB; size <= memoryBytes * 0.9; size *= 2) marks.push(size);
  return marks.slice(-4);
}
