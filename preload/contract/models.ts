import type { ErrorReport } from './errors.ts';

export interface ModelSummary {
  /** Of a preset: "preset:NAME". */
  id: string;
  name: string;
  /** A folder that was added, what a run made, what a merge made, a download, or an architecture without weights. */
  origin: 'folder' | 'run' | 'baked' | 'hub' | 'preset';
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
  /** Of config.json and every byte of the weights; null for a preset. */
  hash: string | null;
  files: { name: string; bytes: number }[];
  template: string | null;
  /** README.md as plain text; null where there is none. */
  readme: string | null;
  /** What holds its tokenizer where it has no tokenizer.json: "tokenizer.model (SentencePiece)". */
  otherTokenizer: string | null;
  /** The hub that it was downloaded from. */
  source: { repository: string; commit: string; endpoint: string } | null;
  /** The GGUF file that it was made of, and how many of its tensors had which type. */
  unpacked: { file: string; types: Record<string, number> } | null;
  heads: number;
  keyValueHeads: number;
  intermediateSize: number;
  /** Adapters that were made for exactly these weights. */
  adapters: string[];
  /** Where it was made by folding an adapter into its base. */
  baked: { recipe: BakeRecipe; receipt: BakeReceipt } | null;
}

/** A short conversation as a model has it written, up to where its answer begins. */
export interface TemplateSample {
  text: string;
  /** Whether by a template of its own; else by the simple one that models without any are used with. */
  own: boolean;
}

/** What a merge was to do. Names and hashes as they were then: the parts may be gone since. */
export interface BakeRecipe {
  base: string;
  baseName: string;
  baseHash: string | null;
  adapter: string;
  adapterName: string;
  scale: number;
  dtype: 'float32' | 'bfloat16';
}

/**
 * How the model that was written compares with base and adapter side by side, on logits of a few prompts: the largest and the
 * mean difference, and the share of positions at which both think the same token the likeliest.
 */
export interface BakeReceipt {
  maxDifference: number;
  meanDifference: number;
  agreement: number;
  positions: number;
}

/** What training a model by one method takes, with the rest of the settings at their defaults. From the planner. */
export interface Fit {
  method: string;
  title: string;
  planBytes: number;
  fits: boolean;
  error: ErrorReport | null;
}
