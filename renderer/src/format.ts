import { bytes, duration, figure, known, NOTHING, whole } from '../../preload/contract/figures.ts';

/** How the interface writes numbers. Every figure on every screen goes through here; “–” stands for what is not known. */
export { bytes, duration, figure, whole };

/** With its sign: "+0.012", "−1.4". For differences against a baseline. */
export function signed(value: number | null | undefined, write: (value: number) => string = figure): string {
  if (!known(value)) return NOTHING;
  return value > 0 ? `+${write(value)}` : write(value);
}

/** "5", "0.25", "1e−5": a figure on an axis, as short as it can be told. */
export function tick(value: number): string {
  const size = Math.abs(value);
  if (size >= 1e4) return count(value);
  const text = size !== 0 && size < 1e-3 ? value.toExponential(0) : String(Number(value.toPrecision(4)));
  return text.replaceAll('-', '−');
}

/** "12 %", "0.4 %" of a share between 0 and 1. */
export function percent(share: number | null | undefined): string {
  if (!known(share)) return NOTHING;
  const value = share * 100;
  return `${value !== 0 && Math.abs(value) < 1 ? value.toFixed(1) : value.toFixed(0)} %`;
}

/** "1.1 B", "350 M", "12.4 K": parameters and tokens, where a whole number would be noise. */
export function count(value: number | null | undefined): string {
  if (!known(value)) return NOTHING;
  if (Math.abs(value) >= 1e15) return figure(value);
  for (const [size, unit] of [
    [1e12, 'T'],
    [1e9, 'B'],
    [1e6, 'M'],
    [1e3, 'K'],
  ] as const)
    if (Math.abs(value) >= size) return `${(value / size).toFixed(Math.abs(value) >= 100 * size ? 0 : 1)} ${unit}`;
  return whole(value);
}

/** "4 min ± 20 s": what is left, and how sure that is. */
export function timeLeft(left: { seconds: number; plusMinus: number } | null): string {
  if (!left) return NOTHING;
  const [seconds, plusMinus] = [left.seconds, left.plusMinus].map(wholeSeconds);
  return left.plusMinus >= 1 ? `${seconds} ± ${plusMinus}` : seconds!;
}

/** An estimate has no tenths. */
const wholeSeconds = (seconds: number): string => (seconds < 90 ? `${Math.round(seconds)} s` : duration(seconds));

const UNITS = [
  ['year', 31_536_000],
  ['month', 2_592_000],
  ['day', 86_400],
  ['hour', 3600],
  ['minute', 60],
] as const;

/** "just now", "5 minutes ago", "yesterday". Times are milliseconds since 1970. */
export function ago(time: number | null | undefined, now: number): string {
  if (!known(time)) return NOTHING;
  const seconds = (time - now) / 1000;
  const words = new Intl.RelativeTimeFormat('en', { numeric: 'auto' });
  for (const [unit, size] of UNITS)
    if (Math.abs(seconds) >= size) return words.format(Math.trunc(seconds / size), unit);
  return 'just now';
}

/** "24 Nov 2026, 14:05". */
export function moment(time: number | null | undefined): string {
  if (!known(time)) return NOTHING;
  const options: Intl.DateTimeFormatOptions = { dateStyle: 'medium', timeStyle: 'short', hourCycle: 'h23' };
  return new Intl.DateTimeFormat('en-GB', options).format(time);
}

/** The first characters of a hash, enough to tell two apart. */
export function shortHash(hash: string | null | undefined): string {
  return hash ? hash.slice(0, 10) : NOTHING;
}
