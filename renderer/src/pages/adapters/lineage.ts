import type { AdapterSummary } from '../../../../preload/contract/adapters.ts';

/** A node of the way to an adapter. `depth` counts from its oldest ancestor. */
export interface Ancestor {
  kind: 'model' | 'run' | 'adapter';
  /** Null where it is not there (any more). */
  id: string | null;
  name: string;
  depth: number;
}

/**
 * Base, runs that the adapter descends from (oldest first), the run that made it, the adapter. A base that one of those runs has left
 * stands after that run.
 * @param baseRun run that left the base, null where none did
 * @param runName name of a run that is known, else undefined
 */
export function lineageOf(
  adapter: Pick<AdapterSummary, 'id' | 'name' | 'base' | 'baseName' | 'run' | 'parents'>,
  baseRun: string | null,
  runName: (id: string) => string | undefined,
): Ancestor[] {
  const { id, name, base, baseName, run, parents } = adapter;
  const known = (of: string): string | null => (runName(of) === undefined ? null : of);
  // The run itself may be told among its parents.
  const runs = [...parents].reverse().filter((parent) => parent.run !== run);
  const before = runs.findIndex((parent) => parent.run === baseRun) + 1;
  const ancestors = runs.map((parent) => ({ kind: 'run' as const, id: known(parent.run), name: parent.name }));
  const line: Omit<Ancestor, 'depth'>[] = [...ancestors];
  line.splice(before, 0, { kind: 'model', id: base, name: baseName });
  if (run !== null) line.push({ kind: 'run', id: known(run), name: runName(run) ?? run });
  line.push({ kind: 'adapter', id, name });
  return line.map((each, depth) => ({ ...each, depth }));
}
