/** The budget slider counts in notches, the same factor apart: a small budget is chosen as finely as a large one. */
export const NOTCHES = 160;
const SMALLEST = 16 * 2 ** 20;

/** Bytes of a notch, in whole MiB so that they read well. @param most bytes of the last notch */
export function fromNotch(notch: number, most: number): number {
  if (notch >= NOTCHES) return most;
  const bytes = SMALLEST * (most / SMALLEST) ** (Math.max(0, notch) / NOTCHES);
  const step = bytes >= 2 ** 32 ? 2 ** 28 : bytes >= 2 ** 30 ? 2 ** 26 : 2 ** 20;
  return Math.min(most, Math.max(SMALLEST, Math.round(bytes / step) * step));
}

/** The notch nearest to a size. */
export function toNotch(bytes: number, most: number): number {
  const place = Math.log(Math.max(bytes, SMALLEST) / SMALLEST) / Math.log(most / SMALLEST);
  return Math.round(Math.min(1, place) * NOTCHES);
}
