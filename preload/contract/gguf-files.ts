import type { ErrorReport } from './errors.ts';

/** exact: whichever of the two keeps every value of the file, the smaller where both do. */
export type UnpackedDtype = 'exact' | 'float32' | 'bfloat16';

/** What a GGUF file holds, and the model folder that would be made of it. */
export interface GgufContents {
  /** Of the file itself. */
  fileName: string;
  /** For reading. */
  path: string;
  bytes: number;
  /** As the model calls itself; null where it does not. */
  name: string | null;
  architecture: string | null;
  parameters: number;
  /** How many tensors have which type. */
  types: Record<string, number>;
  licence: string | null;
  exact: Exclude<UnpackedDtype, 'exact'>;
  /** Of the weights in the folder. */
  sizes: Record<Exclude<UnpackedDtype, 'exact'>, number>;
  /** `problem`: why the file's own tokenizer cannot be taken. */
  tokenizer: { tokens: number | null; chatTemplate: boolean; problem: ErrorReport | null };
  /** Why the tokenizer of the folder that was asked about cannot stand in for it; null where it can, or none was asked about. */
  otherProblem: ErrorReport | null;
  /** Folder that would be made, for reading: not there yet. */
  output: string;
  /** On the disk where it would lie. */
  freeBytes: number;
}
