import type { RunRecord } from '../store/runs.ts';

/** Whether a run that repeats another one ended with the same bits, in words. Null where the two cannot be compared. */
export function verdictOf(run: RunRecord, original: RunRecord): { same: boolean; message: string } | null {
  const [own, first] = [run.result?.parameterHash, original.result?.parameterHash];
  if (!own || !first || run.state !== 'finished' || original.state !== 'finished') return null;
  if (own === first) return { same: true, message: `The same bits as “${original.name}”: ${own}.` };
  const why =
    run.engine !== original.engine
      ? `the engine is another one (${run.engine}, then ${original.engine})`
      : run.dataHash !== original.dataHash
        ? 'the data are others'
        : 'engine and data are the same, so this is a fault';
  return { same: false, message: `Other bits than “${original.name}”: ${why}.` };
}
