import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';

const MOST_CHARACTERS = 80;

/** Names under which a licence lies beside a model. */
export const LICENCE_FILES = ['LICENSE', 'LICENSE.txt', 'LICENSE.md', 'LICENCE'];

/** The licence of a model folder, as its README's front matter names it or as its licence file begins; null where nothing tells. */
export function readLicence(folder: string): string | null {
  return fromFrontMatter(path.join(folder, 'README.md')) ?? fromLicenceFile(folder);
}

function fromFrontMatter(readme: string): string | null {
  if (!existsSync(readme)) return null;
  const front = /^---\r?\n([\s\S]*?)\r?\n---/.exec(readFileSync(readme, 'utf8'))?.[1];
  if (front === undefined) return null;
  const value = (key: string): string | undefined =>
    new RegExp(`^${key}:[ \\t]*["']?([^"'#\\r\\n]+)`, 'm').exec(front)?.[1]?.trim() || undefined;
  const licence = value('license');
  return (licence === 'other' ? (value('license_name') ?? licence) : licence)?.slice(0, MOST_CHARACTERS) ?? null;
}

function fromLicenceFile(folder: string): string | null {
  for (const name of LICENCE_FILES) {
    const file = path.join(folder, name);
    if (!existsSync(file)) continue;
    const line = readFileSync(file, 'utf8')
      .split('\n')
      .map((each) => each.replace(/^[#\s]+/, '').trim())
      .find((each) => each.length > 0);
    if (line) return line.slice(0, MOST_CHARACTERS);
  }
  return null;
}
