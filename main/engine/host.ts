import type { EngineEvent, MemoryPlan, TrainDone } from '../../preload/contract/events.ts';
import type { Registry } from '../../preload/contract/methods.ts';
import type { Run } from '../../preload/contract/run-file.ts';

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
  samples: { prompt: string; ids: number[] }[];
  sampleTokens: number;
}

export type TrainJob = RunJob<'train'>;

interface ModelJob {
  model: string;
  adapter: string | null;
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
}

export interface MergeJob extends ModelJob {
  kind: 'merge';
  output: string;
  dtype: 'float32' | 'bfloat16';
}

export interface BenchJob {
  kind: 'bench';
  what: string;
  [setting: string]: unknown;
}

export interface SelftestJob {
  kind: 'selftest';
}

export type Job = RunJob<'plan'> | TrainJob | EvalJob | GenerateJob | MergeJob | BenchJob | SelftestJob;

/** What each kind of job answers. */
export interface JobResults {
  plan: MemoryPlan;
  train: Partial<TrainDone> & { stopped?: boolean };
  eval: { loss: number; perplexity: number; tokens: number };
  generate: { ids: number[] };
  merge: Record<string, unknown>;
  bench: Record<string, unknown>;
  selftest: Record<string, unknown>;
}

export interface RunningJob<J extends Job> {
  /** Rejects with a RankwiseError. */
  result: Promise<JobResults[J['kind']]>;
  /** Asks the job to stop; a training run writes a checkpoint and resolves with `stopped`. */
  cancel(): void;
}

/** Where the engine runs: in this process (terminal, tests) or in one of its own (desktop). */
export interface EngineHost {
  info(): Promise<EngineInfo>;
  registry(): Promise<Registry>;
  start<J extends Job>(job: J, onEvent?: (event: EngineEvent) => void): RunningJob<J>;
}
