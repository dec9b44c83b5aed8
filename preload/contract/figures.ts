/** Stands for what is not known. */
export const NOTHING = '–';
export const known = (value: number | null | undefined): value is number =>
  value !== null && value !== undefined && Number.isFinite(value);

/** "9.4 GiB", "512 MiB", "3 bytes": as the engine writes them. */
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
