import { diffWordsWithSpace } from 'diff';

/** A piece of a text, and whether the other text does not have it. */
export interface Piece {
  text: string;
  changed: boolean;
}

/** A text in pieces: what differs from `first` is marked. */
export function piecesOf(first: string, text: string): Piece[] {
  return diffWordsWithSpace(first, text)
    .filter(({ removed }) => !removed)
    .map(({ value, added }) => ({ text: value, changed: added }));
}

/** Share of the words of two texts that the other one does not have in its place, 0 to 1. */
export function differenceOf(first: string, text: string): number {
  let [changed, all] = [0, 0];
  for (const { value, added, removed } of diffWordsWithSpace(first, text)) {
    const words = value.split(/\s+/).filter((word) => word !== '').length;
    if (added || removed) changed += words;
    all += added || removed ? words : 2 * words;
  }
  return all === 0 ? 0 : changed / all;
}
