/** A part of a text, from (inclusive) to (exclusive), in characters. */
export interface Range {
  from: number;
  to: number;
}

/** More words than this in both together are not compared one by one: the table would take longer than a glance. */
const MOST_CELLS = 4_000_000;

const wordsOf = (text: string): { word: string; from: number }[] =>
  [...text.matchAll(/\S+/g)].map((match) => ({ word: match[0], from: match.index }));

/** Words of `text` that are not in `reference` in that order: the fewest that can be called changed. */
export function changedWords(reference: string, text: string): Range[] {
  const before = wordsOf(reference);
  const after = wordsOf(text);
  let start = 0;
  while (start < before.length && start < after.length && before[start]!.word === after[start]!.word) start += 1;
  const [a, b] = [before.slice(start), after.slice(start)];
  const kept = a.length * b.length > MOST_CELLS ? new Set<number>() : common(a, b);
  return b.flatMap(({ word, from }, i) => (kept.has(i) ? [] : [{ from, to: from + word.length }]));
}

/** Places in `b` of a longest common subsequence. */
function common(a: readonly { word: string }[], b: readonly { word: string }[]): Set<number> {
  const width = b.length + 1;
  const lengths = new Uint32Array((a.length + 1) * width);
  for (let i = a.length - 1; i >= 0; i--)
    for (let j = b.length - 1; j >= 0; j--)
      lengths[i * width + j] =
        a[i]!.word === b[j]!.word
          ? lengths[(i + 1) * width + j + 1]! + 1
          : Math.max(lengths[(i + 1) * width + j]!, lengths[i * width + j + 1]!);
  const kept = new Set<number>();
  for (let i = 0, j = 0; i < a.length && j < b.length;) {
    if (a[i]!.word === b[j]!.word) {
      kept.add(j);
      i += 1;
      j += 1;
    } else if (lengths[(i + 1) * width + j]! >= lengths[i * width + j + 1]!) i += 1;
    else j += 1;
  }
  return kept;
}

/** Which of a text's pieces (tokens, one after the other) touch one of the ranges, given in order. */
export function touched(pieces: readonly { text: string }[], ranges: readonly Range[]): boolean[] {
  let at = 0;
  let next = 0;
  return pieces.map(({ text }) => {
    const from = at;
    at += text.length;
    while (next < ranges.length && ranges[next]!.to <= from) next += 1;
    const range = ranges[next];
    return range !== undefined && range.from < at && text.length > 0;
  });
}
