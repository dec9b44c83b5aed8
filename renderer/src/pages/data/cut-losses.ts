/** What a cut at a length costs, over rows counted by their length. */
export interface CutLosses {
  rows: number;
  /** Tokens that lie behind the cut. */
  tokens: number;
  /** Share of all tokens, 0 to 1. */
  share: number;
}

export function cutLosses(lengths: Float64Array, counts: Float64Array, cut: number): CutLosses {
  let rows = 0;
  let tokens = 0;
  let all = 0;
  lengths.forEach((length, index) => {
    const count = counts[index]!;
    all += length * count;
    if (length <= cut) return;
    rows += count;
    tokens += (length - cut) * count;
  });
  return { rows, tokens, share: all > 0 ? tokens / all : 0 };
}
