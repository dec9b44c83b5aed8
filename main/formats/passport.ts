import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';

const FILE = 'rankwise.json';

/**
 * What a model or adapter folder of the library cannot say in the files of its format: its name and where it comes from. It lies in
 * the folder itself, so that it survives the loss of the database and travels with an export.
 */
export function writePassport(folder: string, passport: object): void {
  writeFileSync(path.join(folder, FILE), `${JSON.stringify(passport, null, 2)}\n`);
}

/** Null where there is none that can be read. What is in it was written by whoever made the folder: check before use. */
export function readPassport(folder: string): Record<string, unknown> | null {
  const file = path.join(folder, FILE);
  if (!existsSync(file)) return null;
  try {
    const value: unknown = JSON.parse(readFileSync(file, 'utf8'));
    return typeof value === 'object' && value !== null && !Array.isArray(value)
      ? (value as Record<string, unknown>)
      : null;
  } catch {
    return null;
  }
}
