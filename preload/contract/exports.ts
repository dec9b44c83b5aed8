/** What a GGUF file is called by: the type of most of its matrices; some get a finer one. */
export const GGUF_TYPES = ['f32', 'bf16', 'f16', 'q8_0', 'q6_k', 'q5_k_m', 'q4_k_m', 'q4_0'] as const;
export type GgufType = (typeof GGUF_TYPES)[number];

/** A key of a GGUF file: `type` says as what `value` is written. */
export type GgufKey =
  | { key: string; type: 'text'; value: string }
  | { key: string; type: 'u32'; value: number }
  | { key: string; type: 'bool'; value: boolean }
  | { key: string; type: 'texts'; value: string[] }
  | { key: string; type: 'i32s'; value: number[] }
  | { key: string; type: 'f32s'; value: number[] };

/** The file that an export would write. */
export interface GgufPlan {
  fileName: string;
  bytes: number;
  tensors: number;
  /** How many tensors have which type. */
  types: Record<string, number>;
  /** What the file cannot say, or says otherwise than the model's folder, in words. */
  notes: string[];
}

/** What the tensors of one type lost: the largest difference of a value, and √(Σ difference² / Σ value²) over all of them. */
export interface GgufLoss {
  type: string;
  tensors: number;
  bytes: number;
  maxError: number;
  relativeError: number;
}

/**
 * What was proved of a GGUF file after it was written: it was opened again, every tensor, key and token compared with the model, and
 * its logits on a few prompts with those of the model.
 */
export interface GgufReceipt {
  version: 1;
  /** Its name; the receipt lies beside it. */
  file: string;
  bytes: number;
  sha256: string;
  type: GgufType;
  madeAt: number;
  model: string;
  /** Folded in, `scale` times as strong as trained. */
  adapter: { name: string; scale: number } | null;
  tensors: number;
  types: GgufLoss[];
  keys: number;
  tokenizer: { tokens: number; merges: number; preTokenizer: string; chatTemplate: boolean };
  /** Of the file against the model; `agreement`: share of positions at which both think the same token the likeliest. */
  logits: {
    maxDifference: number;
    meanDifference: number;
    agreement: number;
    positions: number;
    perplexity: number;
    filePerplexity: number;
  };
  /** The most memory that tensors took while the file was written and compared. */
  peakBytes: number;
  /** Whether the Modelfile beside it has a chat template: only where it is exactly the model's. */
  modelfileTemplate: boolean;
  notes: string[];
}

/** An export that is remembered with its model. */
export interface KeptExport {
  /** For reading. */
  path: string;
  /** Whether the file is still where it was written. */
  there: boolean;
  receipt: GgufReceipt;
}

/**
 * What was proved of an adapter's GGUF file: opened again, every factor was compared. Readers know one alpha for all layers: where a
 * layer's own scale is another (rsLoRA, ranks by layer), the difference is in its B (`folded` of the `layers`).
 */
export interface GgufLoraReceipt {
  version: 1;
  file: string;
  bytes: number;
  sha256: string;
  madeAt: number;
  model: string;
  adapter: { name: string; scale: number };
  layers: number;
  alpha: number;
  folded: number;
}
