import { closeSync, mkdirSync, openSync, readFileSync, rmSync, writeSync } from 'node:fs';
import path from 'node:path';
import { RankwiseError } from '../../preload/contract/errors.ts';

/** Whether a process of this machine is alive. */
export function isAlive(process_: number): boolean {
  try {
    process.kill(process_, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/**
 * Claims a run's folder for this process; returns what gives it back. Two trainers in one folder would mix their checkpoints.
 * Throws E_BUSY naming the process that holds it. A claim of a process that has died is taken over.
 */
export function claimFolder(folder: string): () => void {
  mkdirSync(folder, { recursive: true });
  const file = path.join(folder, 'run.lock');
  for (;;) {
    try {
      const handle = openSync(file, 'wx');
      writeSync(handle, String(process.pid));
      closeSync(handle);
      return () => rmSync(file, { force: true });
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
      const owner = Number(readFileSync(file, 'utf8'));
      if (owner > 0 && owner !== process.pid && isAlive(owner)) {
        throw new RankwiseError(
          'E_BUSY',
          `The run in ${folder} is being trained by process ${owner}.`,
          'Wait for it, or stop it: it writes a checkpoint when it is asked to end.',
        );
      }
      rmSync(file, { force: true });
    }
  }
}
