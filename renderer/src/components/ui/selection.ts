/**
 * What a click or key does to the chosen rows, as lists in desktop programs do: alone it chooses one, with Ctrl (⌘) it adds or
 * takes away, with Shift it extends from the row that was chosen last.
 */
export function chosen(
  now: readonly string[],
  order: readonly string[],
  id: string,
  anchor: string | null,
  how: 'one' | 'toggle' | 'extend',
): string[] {
  if (how === 'toggle') return now.includes(id) ? now.filter((each) => each !== id) : [...now, id];
  const from = anchor === null ? -1 : order.indexOf(anchor);
  if (how === 'one' || from < 0) return [id];
  const to = order.indexOf(id);
  return order.slice(Math.min(from, to), Math.max(from, to) + 1);
}
