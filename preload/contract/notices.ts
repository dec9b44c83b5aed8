import type { RunEventRecord, MetricKey, RunSummary } from './runs.ts';
import type { PlaygroundToken } from './playground.ts';
import type { Queue } from './queue.ts';
import type { Settings } from './system.ts';
import type { Task } from './tasks.ts';

/** What main tells the screens unasked. Runs and tasks are told at most twenty times a second; no metric is left out. */
export type Notice =
  | { topic: 'run'; run: RunSummary }
  /** New points of a run's series, in order of steps; a series that lacks a step has NaN there. */
  | { topic: 'metrics'; run: string; steps: Float64Array; values: Partial<Record<MetricKey, Float64Array>> }
  | { topic: 'memory'; run: string; step: number; peakBytes: number; byCategory: Record<string, number> }
  | { topic: 'event'; run: string; event: RunEventRecord }
  | { topic: 'queue'; queue: Queue }
  /** Something of that kind was added, changed or removed. */
  | { topic: 'changed'; noun: 'projects' | 'datasets' | 'models' | 'adapters' | 'runs' | 'downloads' }
  | { topic: 'settings'; settings: Settings }
  | { topic: 'task'; task: Task }
  | { topic: 'tokens'; session: string; pane: number; tokens: PlaygroundToken[]; text: string }
  | { topic: 'answer'; task: string; prompt: number; run: string; text: string }
  | { topic: 'engine'; up: boolean; reason: string }
  /** The window is to be closed while a run trains: answered with `system.close`. */
  | { topic: 'closing'; run: string; name: string }
  /** A command of the application menu or a shortcut that the shell caught. */
  | { topic: 'command'; command: Command };

export type Command =
  | 'new-run'
  | 'new-project'
  | 'import-data'
  | 'add-model'
  | 'download-model'
  | 'settings'
  | 'find'
  | 'shortcuts'
  | 'go-home'
  | 'go-runs'
  | 'go-compare'
  | 'toggle-theme';
