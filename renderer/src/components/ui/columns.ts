/** A column of a DataTable. The slot `cell-KEY` draws its cells; without one the value is written as it is. */
export interface TableColumn<Row> {
  key: string;
  title: string;
  /** What is sorted by, and shown where no slot is. Null sorts last, in either direction. */
  value: (row: Row) => string | number | null;
  /** Numbers stand at the right, in figures of one width. */
  align?: 'start' | 'end';
  /** A CSS width; without one the column takes its share of what is left. */
  width?: string;
  /** It is left out where the table is narrower, in CSS pixels: what matters more keeps its room. */
  from?: number;
  sortable?: boolean;
  /** The title is read out and not shown: for a column of buttons. */
  hideTitle?: boolean;
}

export interface TableSort {
  key: string;
  down: boolean;
}

/** Rows in the order of a column; equal ones keep their order. */
export function sortedRows<Row>(
  rows: readonly Row[],
  columns: readonly TableColumn<Row>[],
  sort: TableSort | null,
): readonly Row[] {
  const column = sort && columns.find(({ key }) => key === sort.key);
  if (!column) return rows;
  const sign = sort.down ? -1 : 1;
  return [...rows].sort((a, b) => {
    const x = column.value(a);
    const y = column.value(b);
    if (x === null || y === null) return x === y ? 0 : x === null ? 1 : -1;
    if (typeof x === 'number' && typeof y === 'number') return sign * (x - y);
    return sign * String(x).localeCompare(String(y), 'en', { numeric: true, sensitivity: 'base' });
  });
}
