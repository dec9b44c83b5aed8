import type { RunComparison } from '../../../../preload/contract/runs.ts';

/** A layer with its norm in each run, null where the run left no adapter or the adapter leaves the layer alone. */
export interface NormRow {
  layer: string;
  values: (number | null)[];
}

/** Layers in the order in which the runs name them. */
export function normRows(norms: RunComparison['adapterNorms']): NormRow[] {
  const rows = new Map<string, (number | null)[]>();
  norms.forEach((ofRun, place) => {
    for (const { layer, norm } of ofRun ?? []) {
      const values = rows.get(layer) ?? norms.map(() => null);
      values[place] = norm;
      rows.set(layer, values);
    }
  });
  return [...rows].map(([layer, values]) => ({ layer, values }));
}
