import type { ColumnRole, Mapping } from '../../../../preload/contract/datasets.ts';

/** The mapping with a column's role set. A role that only one column can have is taken from the one that had it. */
export function withRole(mapping: Mapping, column: string, role: ColumnRole | null): Mapping {
  const rest = Object.entries(mapping).filter(([name, has]) => name !== column && has !== role);
  return Object.fromEntries(role === null ? rest : [...rest, [column, role]]);
}

export function sameMapping(a: Mapping, b: Mapping): boolean {
  const written = (mapping: Mapping): string => JSON.stringify(Object.entries(mapping).sort());
  return written(a) === written(b);
}
