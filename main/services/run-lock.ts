import { linkSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { RankwiseError } from '../../preload/contract/errors.ts';

const PATIENCE_MS = 2000;

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
 * Throws E_BUSY naming the process that holds the folder.
 */
export function claimFolder(folder: string): Promise<() => void> {
  return claim(path.join(folder, 'run.lock'), (owner, file) => [
    `The run in ${folder} is being trained by process ${owner}.`,
    `Wait for it, or stop it: it writes a checkpoint when it is asked to end. If that process is another program, remove ${file}.`,
  ]);
}

/** Claims the program's own folder for one window or server: two would both start the queue's runs. Throws E_BUSY. */
export function claimHome(home: string): Promise<() => void> {
  return claim(path.join(home, 'rankwise.lock'), (owner, file) => [
    `Rankwise is open already (process ${owner}).`,
    `Use that one, or end it. If that process is another program, remove ${file}.`,
  ]);
}

/** Claims a download's folder for this process. Throws E_BUSY naming the process that fills it. */
export function claimDownload(folder: string): Promise<() => void> {
  return claim(path.join(folder, 'download.lock'), (owner, file) => [
    `That model is being downloaded by process ${owner}.`,
    `Wait for it, or end it. If that process is another program, remove ${file}.`,
  ]);
}

/** The process that fills a download's folder; 0 where none that lives does. */
export function downloadOwner(folder: string): number {
  const owner = ownerOf(path.join(folder, 'download.lock'));
  return owner > 0 && isAlive(owner) ? owner : 0;
}

/**
 * Claims by a file that holds the owner's process. A process that is about to end gets a moment; a claim of one that has died is
 * taken over.
 * @param busy sentence and hint for a claim that another process holds
 */
async function claim(file: string, busy: (owner: number, file: string) => [string, string]): Promise<() => void> {
  mkdirSync(path.dirname(file), { recursive: true });
  const own = `${file}.${process.pid}`;
  const deadline = Date.now() + PATIENCE_MS;
  for (;;) {
    try {
      // A link appears together with its content: nobody sees a claim without its owner.
      writeFileSync(own, String(process.pid));
      linkSync(own, file);
      return () => rmSync(file, { force: true });
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
      const owner = ownerOf(file);
      if (owner > 0 && owner !== process.pid && isAlive(owner)) {
        if (Date.now() < deadline) {
          await sleep(100);
          continue;
        }
        throw new RankwiseError('E_BUSY', ...busy(owner, file));
      }
      rmSync(file, { force: true });
    } finally {
      rmSync(own, { force: true });
    }
  }
}

// 0 where the owner has just given the folder back.
function ownerOf(file: string): number {
  try {
    return Number(readFileSync(file, 'utf8'));
  } catch {
    return 0;
  }
}
