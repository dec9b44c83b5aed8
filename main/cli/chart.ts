const BARS = '▁▂▃▄▅▆▇█';

/** A curve in one line of at most `width` characters; each stands for the mean of its share of the values. */
export function sparkline(values: readonly number[], width: number): string {
  const finite = values.filter(Number.isFinite);
  if (finite.length === 0) return '';
  const columns = Math.min(width, finite.length);
  const means = Array.from({ length: columns }, (_, column) => {
    const share = finite.slice(
      Math.floor((column * finite.length) / columns),
      Math.floor(((column + 1) * finite.length) / columns),
    );
    return share.reduce((sum, value) => sum + value, 0) / share.length;
  });
  const low = Math.min(...means);
  const span = Math.max(...means) - low || 1;
  return means.map((mean) => BARS[Math.min(BARS.length - 1, Math.floor(((mean - low) / span) * BARS.length))]).join('');
}

/** A bar of `width` characters for a fraction from 0 to 1. */
export function bar(fraction: number, width: number): string {
  const filled = Math.round(Math.min(1, Math.max(0, fraction)) * width);
  return '━'.repeat(filled) + '╌'.repeat(width - filled);
}
