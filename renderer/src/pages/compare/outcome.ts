import type { RunSummary } from '../../../../preload/contract/runs.ts';
import { bytes, count, duration, figure, signed, whole } from '../../format.ts';

export interface Figure {
  key: 'steps' | 'loss' | 'evalLoss' | 'perplexity' | 'speed' | 'time' | 'peak' | 'plan';
  of: (run: RunSummary) => number | null;
  write: (value: number) => string;
  /** Which way is better; null where neither is. */
  better: 'low' | 'high' | null;
}

/** What came of a run, in the order of the table. */
export const FIGURES: readonly Figure[] = [
  { key: 'loss', of: ({ loss }) => loss, write: figure, better: 'low' },
  { key: 'evalLoss', of: ({ evalLoss }) => evalLoss, write: figure, better: 'low' },
  {
    key: 'perplexity',
    of: ({ evalLoss }) => (evalLoss === null ? null : Math.exp(evalLoss)),
    write: figure,
    better: 'low',
  },
  { key: 'speed', of: ({ tokensPerSecond }) => tokensPerSecond, write: count, better: 'high' },
  { key: 'time', of: ({ seconds }) => seconds || null, write: duration, better: 'low' },
  { key: 'peak', of: ({ peakBytes }) => peakBytes, write: bytes, better: 'low' },
  { key: 'plan', of: ({ planBytes }) => planBytes, write: bytes, better: 'low' },
  { key: 'steps', of: ({ step }) => step, write: whole, better: null },
];

export interface Cell {
  text: string;
  /** Against the baseline's: "−0.120"; empty where there is nothing to hold it against. */
  delta: string;
  /** Better or worse than the baseline's. */
  verdict: 'better' | 'worse' | 'same' | null;
  /** The best of all runs, where they differ. */
  best: boolean;
}

/** A run's cells, one a figure, held against the baseline's. */
export function cellsOf(run: RunSummary, runs: readonly RunSummary[], baseline: RunSummary | null): Cell[] {
  return FIGURES.map(({ of, write, better }) => {
    const value = of(run);
    if (value === null) return { text: '–', delta: '', verdict: null, best: false };
    const all = runs.map(of).filter((each): each is number => each !== null && Number.isFinite(each));
    const [low, high] = [Math.min(...all), Math.max(...all)];
    const best = better !== null && low !== high && value === (better === 'low' ? low : high);
    const base = baseline === null || baseline.id === run.id ? null : of(baseline);
    if (base === null || !Number.isFinite(base)) return { text: write(value), delta: '', verdict: null, best };
    const by = value - base;
    const verdict = better === null || by === 0 ? 'same' : by < 0 === (better === 'low') ? 'better' : 'worse';
    return { text: write(value), delta: by === 0 ? '±0' : signedBy(by, write), verdict, best };
  });
}

/** Durations are never negative: their sign is written before them. */
const signedBy = (by: number, write: (value: number) => string): string =>
  by > 0 ? signed(by, write) : `−${write(-by)}`;
