import type { DataProblem } from '../../../preload/contract/datasets.ts';

/** One row of a source, whatever its format. */
export interface Row {
  file: string;
  /** Of the row's first character, from 1; null where the format has no lines. */
  line: number | null;
  /** From 1, within its file. */
  row: number;
  values: Record<string, unknown>;
}

/** What a reader finds, in order: rows that can be used, and what keeps others from it. */
export type Finding = Row | DataProblem;

export const isRow = (finding: Finding): finding is Row => 'values' in finding;

export interface Reading {
  /** Gets the bytes of the source that were read since the last call. */
  onBytes?: (bytes: number) => void;
  /** Ends the reading with its reason. */
  signal?: AbortSignal;
}

/** Findings in batches of what was read at once: a reader never holds more than a piece of its file. */
export type Findings = AsyncGenerator<Finding[]>;
