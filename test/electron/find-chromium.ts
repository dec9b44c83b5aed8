import { accessSync, constants } from 'node:fs';
import path from 'node:path';

const NAMES = ['chromium', 'chromium-browser', 'google-chrome'];

/** Chromium's program: what RANKWISE_CHROMIUM names, or the first of its usual names on PATH. */
export function findChromium(): string {
  if (process.env.RANKWISE_CHROMIUM) return process.env.RANKWISE_CHROMIUM;
  const folders = (process.env.PATH ?? '').split(path.delimiter);
  const found = NAMES.flatMap((name) => folders.map((folder) => path.join(folder, name))).find(isProgram);
  if (found === undefined) throw new Error('Chromium is not installed: apt-get install chromium');
  return found;
}

function isProgram(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
