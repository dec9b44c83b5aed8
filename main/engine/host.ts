import type { EngineEvent, MemoryPlan, TrainDone } from '../../preload/contract/events.ts';
import type { GgufKey, GgufLoraReceipt, GgufPlan, GgufReceipt, GgufType } from '../../preload/contract/exports.ts';
import type { Registry } from '../../preload/contract/methods.ts';
import type { Run } from '../../preload/contract/run-file.ts';
import type { SelftestReport } from '../../preload/contract/system.ts';

export interface EngineInfo {
  engineVersion: string;
  compiler: string;
  isa: string;
  cores: number;
  memoryBytes: number;
  backends: { name: string; available: boolean; reason: string; detail?: string }[];
}

/** Where the engine finds its sequences: safetensors files with `input_ids` and, as needed, `labels` and `document_start`. */
export interface TokenFiles {
  train: string;
  eval: string | null;
  evalFraction: number | null;
}

export interface RunJob<Kind extends 'plan' | 'train'> {
  kind: Kind;
  run: Run;
  runId: string;
  tokens: TokenFiles;
  outputDir: string;
  resume: boolean;
  /**
   * Of a fork: `state.record` in the manifest.json of the checkpoint that was copied into the new run's folder. `resume` then takes
   * that checkpoint although settings differ, as long as its tensors fit. Give it on every resume of the fork.
   */
  parentRecord?: string | null;
  samples: { prompt: string; ids: number[] }[];
  sampleTokens: number;
}

export type TrainJob = RunJob<'train'>;

interface ModelJob {
  model: string;
  adapter: string | null;
  /** Factor on what the adapter adds: 1 (where it is left out) = as trained, 0 = the base alone. */
  adapterScale?: number;
  /** 0 or left out = every core. */
  threads?: number;
  /** Refuse to need more than this; 0 or left out = no bound. */
  memoryBudget?: number;
}

export interface EvalJob extends ModelJob {
  kind: 'eval';
  tokens: string;
  precision: 'f32' | 'bf16';
  storage: string;
  threads: number;
  memoryBudget: number;
}

export interface GenerateJob extends ModelJob {
  kind: 'generate';
  ids: number[];
  maxTokens: number;
  temperature: number;
  topP: number;
  seed: number;
  precision: 'f32' | 'bf16';
  storage: string;
  eosIds?: number[];
  /** Tell each token's probability and the likeliest five in its place. */
  probabilities?: boolean;
}

export interface MergeJob extends ModelJob {
  kind: 'merge';
  output: string;
  dtype: 'float32' | 'bfloat16';
}

interface GgufFileJob extends ModelJob {
  type: GgufType;
  /** What follows the keys of the model's shape: tokenizer, name, licence. */
  metadata: GgufKey[];
}

/** The GGUF file that a model with its adapter folded in would be. Reads headers alone. */
export interface GgufPlanJob extends GgufFileJob {
  kind: 'gguf-plan';
}

/** Writes that file and proves it: opened again, every tensor and key is compared with the model. Not proved, it is not there. */
export interface GgufJob extends GgufFileJob {
  kind: 'gguf';
  output: string;
}

/** What a GGUF file holds, and what it says of itself (“general.…”) and of its tokenizer (“tokenizer.…”). */
export interface GgufKeysJob {
  kind: 'gguf-keys';
  model: string;
}

export interface GgufKeys {
  parameters: number;
  /** How many tensors have which type. */
  types: Record<string, number>;
  /** bfloat16 has every value of the file. */
  fitsBfloat16: boolean;
  keys: Record<string, unknown>;
}

/** Writes an adapter alone as the GGUF file that llama.cpp lays beside a model's, and proves it. `adapter` is not null. */
export interface GgufLoraJob extends ModelJob {
  kind: 'gguf-lora';
  name: string;
  output: string;
}

/** Norm of what an adapter adds to each layer; `adapter` is a PEFT folder. */
export interface NormsJob {
  kind: 'norms';
  adapter: string;
}

/**
 * The receipt of a merge: logits of a model with its adapter against those of another model folder, at every position of a tokens
 * file or of some lists of ids. One block of one model is in memory at a time; the first one's logits (4 bytes × positions × vocabulary)
 * are kept.
 */
export type LogitsCompareJob = ModelJob & {
  kind: 'logits-compare';
  other: string;
  precision: 'f32' | 'bf16';
  storage: string;
  threads?: number;
  memoryBudget?: number;
} & ({ tokens: string } | { ids: number[][] });

export interface LogitsComparison {
  /** Of logits, over all positions and the whole vocabulary. */
  maxDifference: number;
  meanDifference: number;
  /** Share of positions, 0 to 1, at which both find the same token the likeliest. */
  agreement: number;
  positions: number;
  /** Predictions that the losses are means of. */
  tokens: number;
  loss: number;
  perplexity: number;
  otherLoss: number;
  otherPerplexity: number;
  peakBytes: number;
}

export interface BenchJob {
  kind: 'bench';
  what: string;
  [setting: string]: unknown;
}

export interface SelftestJob {
  kind: 'selftest';
}

export type Job =
  | RunJob<'plan'>
  | TrainJob
  | EvalJob
  | GenerateJob
  | MergeJob
  | GgufPlanJob
  | GgufKeysJob
  | GgufJob
  | GgufLoraJob
  | NormsJob
  | LogitsCompareJob
  | BenchJob
  | SelftestJob;

/** What each kind of job answers. */
export interface JobResults {
  plan: MemoryPlan;
  train: Partial<TrainDone> & { stopped?: boolean };
  eval: { loss: number; perplexity: number; tokens: number };
  generate: { ids: number[] };
  merge: { output: string; peakBytes: number };
  'gguf-plan': Pick<GgufPlan, 'bytes' | 'tensors' | 'types'> & { contextLength: number };
  'gguf-keys': GgufKeys;
  gguf: Pick<GgufReceipt, 'bytes' | 'sha256' | 'keys' | 'tensors' | 'types' | 'peakBytes'>;
  'gguf-lora': Pick<GgufLoraReceipt, 'bytes' | 'sha256' | 'layers' | 'alpha' | 'folded'>;
  norms: { layers: { name: string; norm: number }[] };
  'logits-compare': LogitsComparison;
  bench: Record<string, unknown>;
  selftest: SelftestReport;
}

export interface RunningJob<J extends Job> {
  /** Rejects with a RankwiseError. */
  result: Promise<JobResults[J['kind']]>;
  /**
   * Asks the job to end. A training run writes a checkpoint and resolves with `stopped`, a generation resolves with what there is;
   * evaluation, merge, export and comparison reject with E_CANCELLED and leave nothing behind.
   */
  cancel(): void;
  /** Of a training run alone; no other job hears it. */
  ask(what: JobRequest): void;
}

/**
 * At the next end of a step, “checkpoint”: writes one and goes on; “stop”: evaluates, saves model or adapter as they stand and
 * resolves with `stoppedEarly`.
 */
export type JobRequest = 'checkpoint' | 'stop';

/** Where the engine runs: in this process (terminal, tests) or in one of its own (desktop). */
export interface EngineHost {
  /** The engine's own process, where it has one and that is up. */
  readonly pid?: number | undefined;
  info(): Promise<EngineInfo>;
  registry(): Promise<Registry>;
  start<J extends Job>(job: J, onEvent?: (event: EngineEvent) => void): RunningJob<J>;
}
