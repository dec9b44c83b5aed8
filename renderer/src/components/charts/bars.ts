/** The next round number (1, 1.25, 1.5, 2, 2.5, 3, 4, 5, 7.5 times a power of ten) at or above a value: where the axis of bars ends. 1 for nothing. */
export function roundTop(value: number): number {
  if (!(value > 0)) return 1;
  const power = 10 ** Math.floor(Math.log10(value));
  const factor = [1, 1.25, 1.5, 2, 2.5, 3, 4, 5, 7.5, 10].find((each) => each * power >= value * (1 - 1e-12)) ?? 10;
  return Number((factor * power).toPrecision(3));
}
