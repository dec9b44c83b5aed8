import { mkdirSync } from 'node:fs';
import { freeBytes } from './disk-room.ts';
import type { QueueRules } from '../../preload/contract/queue.ts';
import type { QueueRepository } from '../store/queue.ts';
import type { RunRecord } from '../store/runs.ts';
import { bytes } from '../../preload/contract/figures.ts';

/** Says whether a run may begin now: by the clock, by hand, by the disk. */
export class QueueGate {
  readonly #queue: QueueRepository;
  readonly #now: () => Date;
  readonly #freeBytes: () => number;

  /** @param home folder whose disk the runs write to */
  constructor(
    queue: QueueRepository,
    home: string,
    { now = () => new Date(), freeBytes = () => freeOn(home) }: { now?: () => Date; freeBytes?: () => number } = {},
  ) {
    this.#queue = queue;
    this.#now = now;
    this.#freeBytes = freeBytes;
  }

  /** Why a run may not begin now, in words; null where it may. */
  reason(run: Pick<RunRecord, 'name' | 'config' | 'plan'>): string | null {
    const { held, rules } = this.#queue.get();
    if (held) return 'The queue is held.';
    if (!this.isOpen()) {
      const { from, to } = rules.window!;
      return `Runs begin between ${timeOf(from)} and ${timeOf(to)}.`;
    }
    const [needed, free] = [diskNeeded(run), this.#freeBytes()];
    if (needed > free)
      return `“${run.name}” may take ${bytes(needed)} of disk for its checkpoints and its result; ${bytes(free)} are free.`;
    return null;
  }

  /** Whether the clock allows runs. */
  isOpen(): boolean {
    const now = this.#now();
    return isWithin(this.#queue.get().rules.window, now.getHours() * 60 + now.getMinutes());
  }

  /** Whether what trains now has to be paused. */
  mustPause(): boolean {
    return this.#queue.get().rules.pauseOutside && !this.isOpen();
  }

  disk(runs: readonly Pick<RunRecord, 'config' | 'plan'>[]): { neededBytes: number; freeBytes: number } | null {
    if (runs.length === 0) return null;
    const neededBytes = runs.reduce((sum, run) => sum + diskNeeded(run), 0);
    return { neededBytes, freeBytes: this.#freeBytes() };
  }
}

/** @param minute of the local day. A window that ends before it begins passes midnight; one without length is the whole day. */
export function isWithin(window: QueueRules['window'], minute: number): boolean {
  if (!window || window.from === window.to) return true;
  if (window.from < window.to) return minute >= window.from && minute < window.to;
  return minute >= window.from || minute < window.to;
}

/**
 * What the checkpoints to come and the result take at most: weights, deltas and optimizer states for each checkpoint that is kept
 * and for the one that is being written, and the result.
 */
function diskNeeded({ config, plan }: Pick<RunRecord, 'config' | 'plan'>): number {
  if (!plan) return 0;
  const of = (category: string): number => plan.byCategory[category] ?? 0;
  const result = of('weights') + of('deltas');
  const { checkpointEvery, keepCheckpoints } = config.training;
  const checkpoints = checkpointEvery > 0 ? keepCheckpoints + 1 : 1;
  return checkpoints * (result + of('optimizer')) + result;
}

function freeOn(folder: string): number {
  mkdirSync(folder, { recursive: true });
  return freeBytes(folder);
}

const timeOf = (minute: number): string =>
  `${String(Math.floor(minute / 60)).padStart(2, '0')}:${String(minute % 60).padStart(2, '0')}`;
