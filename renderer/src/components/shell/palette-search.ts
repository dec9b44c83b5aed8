/** An entry of the command palette. */
export interface PaletteEntry {
  id: string;
  title: string;
  kind: string;
  keys?: string | undefined;
  run: () => void;
}

/**
 * Entries that have every word of the query, those where a word begins like the query first; equal ones keep their order. An empty
 * query finds everything.
 */
export function found(entries: readonly PaletteEntry[], query: string): PaletteEntry[] {
  const words = query.toLowerCase().split(/\s+/).filter(Boolean);
  return entries
    .map((entry) => ({ entry, score: score(`${entry.title} ${entry.kind}`.toLowerCase(), words) }))
    .filter(({ score }) => score >= 0)
    .sort((a, b) => b.score - a.score)
    .map(({ entry }) => entry);
}

function score(text: string, words: readonly string[]): number {
  let sum = 0;
  for (const word of words) {
    const at = text.indexOf(word);
    if (at < 0) return -1;
    if (at === 0) sum += 3;
    else if (text.includes(` ${word}`)) sum += 2;
    else sum += 1;
  }
  return sum;
}
