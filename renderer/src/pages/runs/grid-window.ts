/** What of a grid of equal cards is in view: the first card, how many, and the empty height above and below. */
export interface GridWindow {
  first: number;
  count: number;
  above: number;
  below: number;
}

/** @param rowHeight of a card with the gap under it @param spare rows that are kept above and below the view */
export function gridWindow(
  { count, columns, rowHeight, spare = 2 }: { count: number; columns: number; rowHeight: number; spare?: number },
  scrolled: number,
  height: number,
): GridWindow {
  const rows = Math.ceil(count / columns);
  const firstRow = Math.max(0, Math.min(rows - 1, Math.floor(scrolled / rowHeight) - spare));
  const lastRow = Math.min(rows, Math.ceil((scrolled + height) / rowHeight) + spare);
  return {
    first: firstRow * columns,
    count: Math.max(0, Math.min(count, lastRow * columns) - firstRow * columns),
    above: firstRow * rowHeight,
    below: Math.max(0, rows - lastRow) * rowHeight,
  };
}
