import type { ErrorReport } from './errors.ts';

export interface ModelSummary {
  /** Of a preset: "preset:NAME". */
  id: string;
  name: string;
  /** A folder that was added, what a run made, what a merge made, or an architecture without weights. */
  origin: 'folder' | 'run' | 'baked' | 'preset';
  architecture: string;
  parameters: number;
  /** As stored: "BF16", "F32", "mixed", or "none" for a preset. */
  dtype: string;
  bytes: number;
  vocabSize: number;
  layers: number;
  hiddenSize: number;
  contextLength: number;
  tokenizer: boolean;
  chatTemplate: boolean;
  licence: string | null;
  /** For reading; null for a preset. */
  path: string | null;
  run: string | null;
  addedAt: number;
  /** Why it cannot be used now: files are missing, an architecture is not known. */
  problem: ErrorReport | null;
}

export interface ModelCard extends ModelSummary {
  /** Of config.json and of every weight file's header; null for a preset. */
  hash: string | null;
  files: { name: string; bytes: number }[];
  template: string | null;
  heads: number;
  keyValueHeads: number;
  intermediateSize: number;
  /** Adapters that were made for exactly these weights. */
  adapters: string[];
}

/** What training a model by one method takes, with the rest of the settings at their defaults. From the planner. */
export interface Fit {
  method: string;
  title: string;
  planBytes: number;
  fits: boolean;
  error: ErrorReport | null;
}
