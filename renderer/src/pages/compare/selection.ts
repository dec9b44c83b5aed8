/** Runs of a comparison as its address carries them. `ids` is understood as well as `runs`. */
export const MOST_RUNS = 10;

export function idsOf(query: Record<string, unknown>): string[] {
  const text = query['runs'] ?? query['ids'];
  if (typeof text !== 'string') return [];
  return [...new Set(text.split(',').filter((id) => id !== ''))].slice(0, MOST_RUNS);
}
