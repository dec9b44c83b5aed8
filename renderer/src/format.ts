/** How the interface writes numbers. Every figure on every screen goes through here; “–” stands for what is not known. */
const NOTHING = '–';
const known = (value: number | null | undefined): value is number =>
  value !== null && value !== undefined && Number.isFinite(value);

/** "9.4 GiB", "512 MiB", "3 bytes": the same figures as the engine and the terminal write. */
export function bytes(count: number | null | undefined): string {
  if (!known(count)) return NOTHING;
  const units = ['bytes', 'KiB', 'MiB', 'GiB', 'TiB'];
  let value = Math.abs(count);
  let unit = 0;
  while (value >= 1024 && unit < units.length - 1) {
    value /= 1024;
    unit += 1;
  }
  const figures = unit === 0 || value >= 100 ? value.toFixed(0) : value.toFixed(1);
  return `${count < 0 ? '−' : ''}${figures} ${unit === 0 && value === 1 ? 'byte' : units[unit]}`;
}

/** "850 ms", "42 s", "3 min 05 s", "2 h 10 min", "4 d 3 h". */
export function duration(seconds: number | null | undefined): string {
  if (!known(seconds)) return NOTHING;
  if (seconds < 1) return `${Math.round(seconds * 1000)} ms`;
  if (seconds < 90) return `${seconds < 10 ? seconds.toFixed(1) : Math.round(seconds)} s`;
  const whole = Math.round(seconds);
  const minutes = Math.floor(whole / 60);
  if (minutes < 90) return `${minutes} min ${String(whole % 60).padStart(2, '0')} s`;
  const hours = Math.floor(minutes / 60);
  if (hours < 48) return `${hours} h ${String(minutes % 60).padStart(2, '0')} min`;
  return `${Math.floor(hours / 24)} d ${hours % 24} h`;
}

/** "63,400". */
export function whole(value: number | null | undefined): string {
  return known(value) ? Math.round(value).toLocaleString('en-US').replace('-', '−') : NOTHING;
}

/** Four figures, for losses, rates and norms: "2.314", "0.001", "1.0e−5". NaN is "diverged" to the one who asks, here "NaN". */
export function figure(value: number | null | undefined): string {
  if (typeof value === 'number' && Number.isNaN(value)) return 'NaN';
  if (!known(value)) return NOTHING;
  const size = Math.abs(value);
  const text = size !== 0 && (size < 1e-3 || size >= 1e6) ? value.toExponential(1) : value.toFixed(size >= 100 ? 1 : 3);
  return text.replaceAll('-', '−').replace('e+', 'e');
}

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
