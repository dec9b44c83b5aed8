import type { Progress } from '../services/tasks.ts';
import { bar } from './chart.ts';

const DRAW_EVERY_MS = 80;

/** How far a task is, as one living line on standard error where that is a terminal. `finish` clears it. */
export function taskProgress(title: string): { progress: Progress; finish: () => void } {
  if (!process.stderr.isTTY) return { progress: () => undefined, finish: () => undefined };
  let total: number | null = null;
  let drawnAt = 0;
  return {
    progress(done, all = total) {
      total = all;
      const now = Date.now();
      if (!total || now - drawnAt < DRAW_EVERY_MS) return;
      drawnAt = now;
      process.stderr.write(`\r\x1b[K${title}  ${bar(done / total, 24)} ${Math.floor((100 * done) / total)} %`);
    },
    finish() {
      if (drawnAt > 0) process.stderr.write('\r\x1b[K');
    },
  };
}
