import type { RunFile } from './run-file.ts';

/** A run's need of memory, from the same code that trains. Bytes throughout. */
export interface MemoryPlan {
  planBytes: number;
  byCategory: Record<string, number>;
  byPhase: Record<string, number>;
  /** Whether activations are computed again in the backward pass: what recompute "auto" came to. */
  recompute?: boolean;
  /** What lies outside the arena: code, libraries, the allocator of the process. */
  outsideBytes: number;
  budgetBytes: number;
  fits: boolean;
  suggestions: { change: string; savesBytes: number }[];
  /** The steps at which the method's schedule acts (merges, refreshes), in order; the first 10,000 of them. */
  events?: { step: number; kind: string }[];
}

export interface LayerEvent {
  name: string;
  quantizationErrorBefore?: number;
  quantizationErrorAfter?: number;
  subspaceOverlap?: number;
  [signal: string]: unknown;
}

/**
 * What a training run tells, in order; also the lines of events.jsonl and of `train --json`. `step` and `event` name the step
 * by its index (from 0); everything else says how many steps were done.
 */
export type TrainEvent =
  | {
      type: 'start';
      run: string;
      config: RunFile;
      plan: MemoryPlan;
      step?: number;
      /** Of a fork: what had been trained up to the checkpoint that it goes on from. */
      before?: { tokens: number; seconds: number };
    }
  | {
      type: 'step';
      step: number;
      loss: number;
      learningRate: number;
      gradientNorm: number;
      tokens: number;
      tokensPerSecond: number;
      seconds: number;
    }
  | { type: 'eval'; step: number; loss: number; perplexity: number; tokens: number }
  | { type: 'event'; step: number; kind: string; layers: LayerEvent[] }
  | { type: 'memory'; step: number; peakBytes: number; byCategory: Record<string, number>; planBytes: number }
  | { type: 'checkpoint'; step: number; path: string; hash: string }
  | { type: 'sample'; step: number; prompt: string; text: string; ids?: number[] }
  | { type: 'warning'; code: string; message: string; hint: string }
  | TrainDone;

export interface TrainDone {
  type: 'done';
  steps: number;
  finalLoss: number;
  /** Of the last evaluation, where the run has evaluation data. */
  evalLoss?: number;
  peakBytes: number;
  planBytes: number;
  outsideBytes: number;
  parameterHash: string;
  seconds: number;
  output: string;
  /** Ended on request with a checkpoint to go on from. */
  stopped?: boolean;
  /** Ended on request before its last step; model or adapter are saved as they stood. */
  stoppedEarly?: boolean;
}

/** A token of a text that is being generated. */
export interface TokenEvent {
  type: 'token';
  id: number;
  /** Before temperature and top-p; with the alternatives only where the job asks for `probabilities`. */
  probability?: number;
  /** The likeliest five, likeliest first, the token itself among them where it is. */
  alternatives?: { id: number; probability: number }[];
}

/** Of evaluation (tokens), merge (tensors written) and comparison of logits (positions of both models). */
export interface ProgressEvent {
  type: 'progress';
  done: number;
  total: number;
}

export type EngineEvent = TrainEvent | TokenEvent | ProgressEvent;
