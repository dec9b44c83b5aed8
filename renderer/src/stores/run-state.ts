import type { RunState } from '../../../preload/contract/runs.ts';

/** Trains, or waits to. */
export const isActive = (state: RunState): boolean => state === 'running' || state === 'queued';

/** Nothing more comes of it, and it left a model or an adapter. */
export const isDone = (state: RunState): boolean => state === 'finished' || state === 'stopped';
