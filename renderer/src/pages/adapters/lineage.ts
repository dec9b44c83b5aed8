import type { AdapterSummary } from '../../../../preload/contract/adapters.ts';

/** A node of the way from the base to an adapter. `depth` counts from the base. */
export interface Ancestor {
  kind: 'model' | 'run' | 'adapter';
  /** Null where it is not there (any more). */
  id: string | null;
  name: string;
  depth: number;
}

/**
 * The base, the runs that the adapter descends from (oldest first), the run that made it, and the adapter.
 * @param runName name of a run that is known, else undefined
 */
export function lineageOf(
  adapter: Pick<AdapterSummary, 'id' | 'name' | 'base' | 'baseName' | 'run' | 'parents'>,
  runName: (id: string) => string | undefined,
): Ancestor[] {
  const { id, name, base, baseName, run, parents } = adapter;
  const line: Omit<Ancestor, 'depth'>[] = [{ kind: 'model', id: base, name: baseName }];
  // The run itself may be told among its parents.
  for (const parent of [...parents].reverse())
    if (parent.run !== run)
      line.push({ kind: 'run', id: runName(parent.run) === undefined ? null : parent.run, name: parent.name });
  if (run !== null) line.push({ kind: 'run', id: runName(run) === undefined ? null : run, name: runName(run) ?? run });
  line.push({ kind: 'adapter', id, name });
  return line.map((each, depth) => ({ ...each, depth }));
}
