/** How many bytes were there at a time, in milliseconds. */
export interface Moment {
  at: number;
  done: number;
}

const WINDOW_MS = 8000;
const LEAST_MS = 1500;

/** The moments with a new one; those too long ago for the rate of now are left out, and all of them where something began anew. */
export function withMoment(moments: readonly Moment[], now: Moment): Moment[] {
  const last = moments.at(-1);
  if (last && now.done < last.done) return [now];
  return [...moments.filter(({ at }) => now.at - at <= WINDOW_MS), now];
}

/** Bytes in a second lately, 0 where nothing has come for a while; null before there is enough to tell. */
export function rateOf(moments: readonly Moment[], now: number): number | null {
  const [first] = moments.filter(({ at }) => now - at <= WINDOW_MS);
  if (!first) return moments.length > 0 ? 0 : null;
  if (now - first.at < LEAST_MS) return null;
  return ((moments.at(-1)!.done - first.done) / (now - first.at)) * 1000;
}
