import { readdirSync, readFileSync } from 'node:fs';

/** Process of the engine that belongs to an app, or undefined while it has none. */
export function engineOf(pid: number): number | undefined {
  return childrenOf(pid).find((child) => /engine-process|utility/.test(commandOf(child)));
}

export function childrenOf(pid: number): number[] {
  return readdirSync('/proc')
    .map(Number)
    .filter((each) => Number.isInteger(each) && parentOf(each) === pid);
}

export function commandOf(pid: number): string {
  return read(`/proc/${pid}/cmdline`).replaceAll('\0', ' ');
}

// The name in brackets may hold spaces; the parent is the second field after it.
function parentOf(pid: number): number {
  return Number(read(`/proc/${pid}/stat`).replace(/^.*\)/, '').trim().split(' ')[1]);
}

function read(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    // It has ended meanwhile.
    return '';
  }
}
