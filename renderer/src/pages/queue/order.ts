/** The ids with one of them moved to a place. */
export function moved(ids: readonly string[], id: string, to: number): string[] {
  const others = ids.filter((each) => each !== id);
  return others.toSpliced(Math.max(0, Math.min(others.length, to)), 0, id);
}

/**
 * Where something dragged would be put that hovers over a row: before it in its upper half, after it in its lower.
 * @param from place of what is dragged. @param over place of the row. @param share height within the row, 0 to 1
 */
export function dropPlace(from: number, over: number, share: number): number {
  const before = share < 0.5 ? over : over + 1;
  return before > from ? before - 1 : before;
}
