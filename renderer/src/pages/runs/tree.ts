import type { RunSummary } from '../../../../preload/contract/runs.ts';

/** A run in its family. */
export interface TreeRow {
  run: RunSummary;
  depth: number;
  /** How many runs stand under it, folded in or not. */
  descendants: number;
}

/** Runs under those that they were forked from or begun with, in the order in which they came; what is folded is left out. */
export function treeOf(runs: readonly RunSummary[], folded: ReadonlySet<string>): TreeRow[] {
  const known = new Set(runs.map(({ id }) => id));
  const children = new Map<string, RunSummary[]>();
  const roots: RunSummary[] = [];
  for (const run of runs) {
    const parent = run.parent?.run;
    if (parent === undefined || !known.has(parent) || parent === run.id) roots.push(run);
    else children.set(parent, [...(children.get(parent) ?? []), run]);
  }
  const rows: TreeRow[] = [];
  const seen = new Set<string>();
  function visit(run: RunSummary, depth: number, shown: boolean): number {
    if (seen.has(run.id)) return 0;
    seen.add(run.id);
    const row: TreeRow = { run, depth, descendants: 0 };
    if (shown) rows.push(row);
    const own = [...(children.get(run.id) ?? [])].sort((a, b) => a.createdAt - b.createdAt);
    for (const child of own) row.descendants += 1 + visit(child, depth + 1, shown && !folded.has(run.id));
    return row.descendants;
  }
  for (const root of roots) visit(root, 0, true);
  return rows;
}
