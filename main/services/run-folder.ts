import { existsSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { RankwiseError, reportOf } from '../../preload/contract/errors.ts';
import { parseRunFile, type Run } from '../../preload/contract/run-file.ts';
import { copyTokenizerFiles } from '../formats/model-folder.ts';
import { EVENTS_FILE } from './run-recorder.ts';

const RUN = 'run.json';
const FINGERPRINT = 'fingerprint.json';
const TOKENIZER = 'tokenizer';
// What the user says of the run.
const PASSPORT = 'rankwise.json';
const RESULTS = ['model', 'adapter', 'checkpoints'];
// What a run writes into its folder; nothing else there is touched.
const OWN_FILES = [RUN, FINGERPRINT, EVENTS_FILE, TOKENIZER, PASSPORT, ...RESULTS];

/** Which run a folder belongs to and what it was fed: going on with other data would be another run. */
export interface Fingerprint {
  run: string;
  dataHash: string;
  /** Engine version and instruction set. */
  engine: string;
  createdAt?: number;
  project?: { id: string; name: string };
  parent?: string;
  /** Of a fork: what the checkpoint that it began with says of its record. */
  parentRecord?: string;
  reproduces?: string;
}

/**
 * Clears an output folder for a run. A folder belongs to one run. What holds no result yet (a run that was refused, say) may be
 * begun anew, and so may the same run when it is finished: it ends with the same bits. Throws E_OUTPUT.
 */
export function makeRoom(run: Run): void {
  const inFolder = (name: string): string => path.join(run.output, name);
  const results = RESULTS.filter((name) => existsSync(inFolder(name)) && readdirSync(inFolder(name)).length > 0);
  const isRun = existsSync(inFolder(FINGERPRINT)) && existsSync(inFolder(RUN));
  const finished = results.includes('model') || results.includes('adapter');
  if (results.length > 0 && !(isRun && finished && isSameRun(readJson(inFolder(RUN)) as Run, run))) {
    throw new RankwiseError(
      'E_OUTPUT',
      `The output folder ${run.output} holds ${isRun ? 'another run' : `a folder “${results[0]}” of something else`}.`,
      `Name another folder with "output"${isRun ? ', or go on with that run: rankwise resume' : ''}.`,
    );
  }
  if (isRun) for (const name of OWN_FILES) rmSync(inFolder(name), { recursive: true, force: true });
}

function isSameRun(stored: Run, run: Run): boolean {
  const comparable = (each: Run): object => ({ ...each, model: { ...each.model, tokenizer: undefined } });
  return isDeepStrictEqual(comparable(stored), comparable(JSON.parse(JSON.stringify(run)) as Run));
}

/**
 * Writes down what a run is. A tokenizer is copied into the folder, so that the run can go on when caches have been emptied; the
 * returned run names the copy.
 */
export function writeRunFolder(run: Run, fingerprint: Fingerprint, tokenizerPlace: string | null): Run {
  const tokenizer = path.join(run.output, TOKENIZER);
  if (tokenizerPlace !== null) {
    copyTokenizerFiles(
      statSync(tokenizerPlace).isDirectory() ? tokenizerPlace : path.dirname(tokenizerPlace),
      tokenizer,
    );
  }
  const stored = tokenizerPlace === null ? run : { ...run, model: { ...run.model, tokenizer } };
  writeWhole(path.join(run.output, FINGERPRINT), fingerprint);
  writeWhole(path.join(run.output, RUN), stored);
  return stored;
}

export interface StoredRun {
  /** As it was written: every default is there. */
  file: Run;
  fingerprint: Fingerprint;
}

export const isRunFolder = (folder: string): boolean =>
  existsSync(path.join(folder, RUN)) && existsSync(path.join(folder, FINGERPRINT));

/** Reads back what `writeRunFolder` wrote. Throws E_RESUME. */
export function readRunFolder(folder: string): StoredRun {
  if (!existsSync(path.join(folder, RUN))) {
    throw new RankwiseError(
      'E_RESUME',
      `${folder} holds no run: ${RUN} is missing.`,
      'Name the output folder of a run.',
    );
  }
  const file = parseRunFile(readJson(path.join(folder, RUN))) as Run;
  const fingerprint = readJson(path.join(folder, FINGERPRINT)) as Partial<Fingerprint>;
  return { file, fingerprint: { run: '', dataHash: '', engine: '', ...fingerprint } };
}

/** Puts the run's tokenizer beside every model or adapter that it has left. */
export function spreadTokenizer(output: string): void {
  const tokenizer = path.join(output, TOKENIZER);
  if (!existsSync(tokenizer)) return;
  for (const name of ['model', 'adapter']) {
    const folder = path.join(output, name);
    if (existsSync(folder)) copyTokenizerFiles(tokenizer, folder);
  }
}

function readJson(file: string): unknown {
  try {
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch (error) {
    throw new RankwiseError('E_RESUME', `${file} cannot be read: ${reportOf(error).message}.`);
  }
}

function writeWhole(file: string, value: object): void {
  writeFileSync(`${file}.part`, `${JSON.stringify(value, null, 2)}\n`);
  renameSync(`${file}.part`, file);
}
