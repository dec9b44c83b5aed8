import type { RunState, RunSummary } from '../../../../preload/contract/runs.ts';

export type Control = 'pause' | 'resume' | 'checkpoint' | 'stop' | 'discard';

const CONTROLS: Record<RunState, readonly Control[]> = {
  queued: ['pause', 'discard'],
  running: ['pause', 'checkpoint', 'stop', 'discard'],
  paused: ['resume', 'discard'],
  interrupted: ['resume', 'discard'],
  failed: ['resume', 'discard'],
  finished: [],
  stopped: [],
};

/** What can be asked of a run in a state, in the order of its buttons. */
export const controlsOf = (state: RunState): readonly Control[] => CONTROLS[state];

/** Whether a run that was asked for something cannot be asked for another thing until it is there: a checkpoint ends nothing. */
export const isEnding = (asked: RunSummary['asked']): boolean => asked !== null && asked !== 'checkpoint';
