import { lstatSync, readFileSync } from 'node:fs';
import path from 'node:path';

/** What is longer is no description. */
const MOST_BYTES = 2 ** 20;
const MOST_CHARACTERS = 100_000;

/**
 * The README.md of a folder as plain text without its front matter; null where there is none. It was written by whoever made the
 * folder: it is shown, never interpreted. Links are not followed, control characters go, and a very long one is cut.
 */
export function readReadme(folder: string): string | null {
  const file = path.join(folder, 'README.md');
  const stats = lstatSync(file, { throwIfNoEntry: false });
  if (!stats?.isFile() || stats.size > MOST_BYTES) return null;
  const whole = readFileSync(file, 'utf8').replaceAll('\r\n', '\n');
  const text = plainText(whole.replace(/^---\n[\s\S]*?\n---(\n|$)/, '')).trim();
  if (text === '') return null;
  return text.length > MOST_CHARACTERS ? `${text.slice(0, MOST_CHARACTERS)}…` : text;
}

/** Without what steers a terminal or turns the direction of writing round, which would show another text than the one that is there. */
export const plainText = (text: string): string =>
  text.replace(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/g, '');
