import { readFileSync } from 'node:fs';
import { RankwiseError, reportOf } from '../../preload/contract/errors.ts';
import { parseRunFile, type RunFile } from '../../preload/contract/run-file.ts';

/** Reads a run file from the disk. Throws E_RUN_FILE, with the line where it is no JSON. */
export function readRunFile(file: string): RunFile {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    throw new RankwiseError('E_RUN_FILE', `The run file ${file} cannot be read: ${reportOf(error).message}.`);
  }
  return parseRunText(text, file);
}

/** @param name what the text is called in an error. Throws E_RUN_FILE, with line and column where it is no JSON. */
export function parseRunText(text: string, name: string): RunFile {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new RankwiseError('E_RUN_FILE', `${name} is not JSON: ${reportOf(error).message}.`);
  }
  return parseRunFile(value);
}
