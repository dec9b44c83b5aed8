export interface Column {
  title: string;
  align?: 'left' | 'right';
}

const width = (text: string): number => [...text].length;

/** Lines of a plain table: two spaces between columns, a rule under the titles. */
export function table(columns: readonly Column[], rows: readonly (readonly string[])[]): string {
  const widths = columns.map((column, index) =>
    Math.max(width(column.title), ...rows.map((row) => width(row[index] ?? ''))),
  );
  const line = (cells: readonly string[]): string =>
    cells
      .map((cell, index) => {
        const padding = ' '.repeat(widths[index]! - width(cell));
        return columns[index]!.align === 'right' ? padding + cell : cell + padding;
      })
      .join('  ')
      .trimEnd();
  return [
    line(columns.map((column) => column.title)),
    widths.map((each) => '─'.repeat(each)).join('  '),
    ...rows.map((row) => line(row.map(String))),
  ].join('\n');
}

/** Names and values in two columns, without titles. */
export function pairs(rows: readonly (readonly [string, string])[]): string {
  const widest = Math.max(...rows.map(([name]) => width(name)));
  return rows.map(([name, value]) => `${name}${' '.repeat(widest - width(name))}  ${value}`.trimEnd()).join('\n');
}
