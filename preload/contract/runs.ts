import type { ErrorReport } from './errors.ts';
import type { LayerEvent, MemoryPlan, TrainDone } from './events.ts';
import type { Run, RunFile } from './run-file.ts';

/**
 * `paused`: ended on request, goes on from its checkpoint. `stopped`: ended early on request, with the model or adapter as it
 * stood. `interrupted`: its process died; goes on from the newest checkpoint.
 */
export type RunState = 'queued' | 'running' | 'paused' | 'finished' | 'stopped' | 'interrupted' | 'failed';

/** The series that a run records, by step. */
export type MetricKey =
  'loss' | 'evalLoss' | 'learningRate' | 'gradientNorm' | 'tokensPerSecond' | 'peakBytes' | 'tokens' | 'seconds';

export interface RunSummary {
  id: string;
  name: string;
  project: string;
  state: RunState;
  /** Asked to pause, to stop or to write a checkpoint, and not there yet: while running, or waiting just to be stopped. */
  asked: 'pause' | 'stop' | 'discard' | 'checkpoint' | null;
  /**
   * While its data are being made ready and no step is done yet: what is being done, ready to be shown (“Tokenizing moby.txt”), and
   * how far it is, in bytes; a total of null = nobody knows.
   */
  preparing: { title: string | null; done: number; total: number | null } | null;
  method: string;
  methodTitle: string;
  model: string;
  data: string;
  createdAt: number;
  endedAt: number | null;
  step: number;
  steps: number;
  loss: number | null;
  evalLoss: number | null;
  bestEvalLoss: number | null;
  tokensPerSecond: number | null;
  /** Trained so far, pauses left out. */
  seconds: number;
  /** With its uncertainty, in seconds; null before there are enough steps for one, and for what does not run. */
  timeLeft: { seconds: number; plusMinus: number } | null;
  planBytes: number | null;
  peakBytes: number | null;
  pinned: boolean;
  tags: string[];
  note: string;
  /** The run and step that this one was forked from or whose model it began with. */
  parent: { run: string; step: number | null } | null;
  /** The run that this one repeats. */
  reproduces: string | null;
  parameterHash: string | null;
  /** Training loss, thinned to at most 48 points. */
  spark: number[];
  error: ErrorReport | null;
}

export interface RunEventRecord {
  id: number;
  step: number | null;
  kind: 'merge' | 'refresh' | 'sample' | 'warning' | 'checkpoint' | 'state' | (string & {});
  at: number | null;
  body: {
    layers?: LayerEvent[];
    prompt?: string;
    text?: string;
    code?: string;
    message?: string;
    hint?: string;
  } & Record<string, unknown>;
}

export interface RunDetails extends RunSummary {
  config: Run;
  plan: MemoryPlan | null;
  /** Of the arena, as last told; categories as in the plan. */
  memory: { step: number; peakBytes: number; byCategory: Record<string, number> } | null;
  checkpoints: { step: number; hash: string; bytes: number; there: boolean }[];
  /** Steps at which events of the method are still to come, where its schedule tells. */
  comingEvents: number[];
  result: Partial<TrainDone> | null;
  dataHash: string;
  engine: string;
  /** Of the run's folder. */
  diskBytes: number;
  output: string;
  children: { run: string; name: string; step: number | null }[];
  /** Ids in the library, where the run left one. */
  savedModel: string | null;
  savedAdapter: string | null;
}

/**
 * A piece of a series: `points` buckets at most, each with its lowest and highest value, so that a chart shows every spike
 * whatever its length. Where a bucket holds one step, minimum and maximum are that step's value. NaN = diverged.
 */
export interface Series {
  run: string;
  key: MetricKey;
  steps: Float64Array;
  minimum: Float64Array;
  maximum: Float64Array;
  /** Steps of the whole series, before thinning. */
  count: number;
}

/** What a run file comes to: every default written out, its memory, and how much there is to train on. */
export interface PlannedRun {
  run: Run;
  plan: MemoryPlan;
  /** Sequences and tokens of the training data where they are known without tokenizing it all. */
  sequences: number | null;
  notes: string[];
}

/** A way to fit a budget: what changes, what it costs, what it takes. */
export interface BudgetOption {
  /** The run file with the change made. */
  file: RunFile;
  method: string;
  methodTitle: string;
  /** Of another method: settings of the run's own that it takes over instead of its defaults, in words: “rank 16”. */
  kept: string[];
  /** In words, empty where nothing changes: “rank 64 → 32”, “activations recomputed”. */
  changes: { text: string; savesBytes: number }[];
  planBytes: number;
  fits: boolean;
  /** The one that gives up least. */
  recommended: boolean;
}

export interface RunComparison {
  runs: RunSummary[];
  /** Settings by their path in the run file; one value a run, null where it has none. */
  settings: { setting: string; values: unknown[]; differs: boolean }[];
  plans: (MemoryPlan | null)[];
  peaks: ({ peakBytes: number; byCategory: Record<string, number> } | null)[];
  data: { dataHash: string; source: string; template: string; sequenceLength: number }[];
  /** Norm of what the adapter adds to each layer, ‖ΔW‖, where the run left an adapter. */
  adapterNorms: ({ layer: string; norm: number }[] | null)[];
}

export interface Answer {
  run: string;
  text: string;
  error: ErrorReport | null;
}

export interface AnsweredPrompt {
  prompt: string;
  answers: Answer[];
  /** Mean share of words in which the answers differ from the first run's, 0 to 1. */
  difference: number;
}
