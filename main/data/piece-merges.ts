import type { TokenizerFile } from './tokenizer-file.ts';
import { mergesOf } from './tokenizer-file.ts';

/**
 * SentencePiece's BPE merges the two neighbours whose union has the highest score; tokenizer.json lists the merges in that order. A list
 * says the same as scores where each piece's merges stand together and none of its splits is missing.
 */

/** Every way to cut a piece into two of the vocabulary. */
function splits(piece: string, has: (part: string) => boolean): [string, string][] {
  const found: [string, string][] = [];
  const letters = [...piece];
  for (let cut = 1; cut < letters.length; cut++) {
    const [left, right] = [letters.slice(0, cut).join(''), letters.slice(cut).join('')];
    if (has(left) && has(right)) found.push([left, right]);
  }
  return found;
}

/**
 * The merges that scores mean, best first; a piece's own splits in the order of their parts' ids.
 * @param pieces those that merge, in the order of their ids, with their scores
 */
export function mergesOfScores(pieces: ReadonlyMap<string, { id: number; score: number }>): [string, string][] {
  const has = (part: string): boolean => pieces.has(part);
  const id = (part: string): number => pieces.get(part)!.id;
  const scored = [...pieces].flatMap(([piece, { score }]) => {
    const ways = splits(piece, has).sort((a, b) => id(a[0]) - id(b[0]) || id(a[1]) - id(b[1]));
    return ways.length > 0 ? [{ ways, score }] : [];
  });
  return scored.sort((a, b) => b.score - a.score).flatMap(({ ways }) => ways);
}

/**
 * The scores that a list of merges means, by piece: 0 for the first, then −1, −2, … Null where scores cannot say what the list says.
 * @param pieces names of those that merge
 */
export function scoresOfMerges(file: TokenizerFile, pieces: ReadonlySet<string>): Map<string, number> | null {
  const scores = new Map<string, number>();
  const ways = new Map<string, number>();
  let last = '';
  for (const [left, right] of mergesOf(file)) {
    const piece = left + right;
    if (!pieces.has(piece) || !pieces.has(left) || !pieces.has(right)) return null;
    if (piece !== last && scores.has(piece)) return null;
    if (piece !== last) scores.set(piece, -scores.size);
    ways.set(piece, (ways.get(piece) ?? 0) + 1);
    last = piece;
  }
  const has = (part: string): boolean => pieces.has(part);
  for (const piece of pieces) if (splits(piece, has).length !== (ways.get(piece) ?? 0)) return null;
  return scores;
}
