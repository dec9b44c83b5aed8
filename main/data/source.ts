import { readdirSync, statSync } from 'node:fs';
import path from 'node:path';
import type { DataFormat } from '../../preload/contract/datasets.ts';
import { RankwiseError } from '../../preload/contract/errors.ts';
import { encodingOf, headOf } from './readers/bytes.ts';
import { readCsv } from './readers/csv.ts';
import { readJson } from './readers/json.ts';
import { readJsonLines } from './readers/jsonl.ts';
import { readParquet } from './readers/parquet.ts';
import type { Findings, Reading } from './readers/row.ts';
import { readTexts } from './readers/texts.ts';
import { textFiles } from './text.ts';

/** Files of one format that make up a dataset. */
export interface Source {
  /** The file, or the folder that holds the files. */
  path: string;
  format: DataFormat;
  /** In order of their names. */
  files: string[];
  bytes: number;
}

const BY_EXTENSION: Record<string, DataFormat> = {
  jsonl: 'jsonl',
  ndjson: 'jsonl',
  json: 'json',
  csv: 'csv',
  tsv: 'tsv',
  parquet: 'parquet',
  safetensors: 'tokens',
};
const HEAD = 64 * 1024;

/** The format of a file or folder: given, or told by its name and first bytes. A folder holds texts, or files of one other format. */
export function formatOf(source: string, given: DataFormat | 'auto' = 'auto'): DataFormat {
  if (given !== 'auto') return given;
  const found = statSync(source, { throwIfNoEntry: false });
  if (found?.isDirectory()) return folderFormat(source);
  const named = byName(source);
  if (named !== 'json' || !found) return named ?? 'text';
  return looksLikeLines(source) ? 'jsonl' : 'json';
}

/** The files of a source. Throws E_DATA for what is not there or empty. */
export function openSource(source: string, given: DataFormat | 'auto' = 'auto'): Source {
  const found = statSync(source, { throwIfNoEntry: false });
  if (!found) throw new RankwiseError('E_DATA', `There is no data at ${source}.`);
  const format = formatOf(source, given);
  const files =
    format === 'text'
      ? textFiles(source)
      : found.isDirectory()
        ? filesOf(source).filter((file) => byName(file) === format)
        : [source];
  const bytes = files.reduce((sum, file) => sum + statSync(file).size, 0);
  if (bytes === 0) throw new RankwiseError('E_DATA', `${source} is empty: there is nothing to learn from.`);
  return { path: source, format, files, bytes };
}

/** Rows and problems of every file, in order. Not for tokens, which have no rows. */
export async function* readSource({ files, format }: Source, reading: Reading = {}): Findings {
  for (const file of files) yield* readerOf(file, format, reading);
}

function readerOf(file: string, format: DataFormat, reading: Reading): Findings {
  if (format === 'jsonl') return readJsonLines(file, reading);
  if (format === 'json') return readJson(file, reading);
  if (format === 'csv' || format === 'tsv') return readCsv(file, format, reading);
  if (format === 'parquet') return readParquet(file, reading);
  if (format === 'text') return readTexts(file, reading);
  throw new RankwiseError('E_FORMAT', `${file} holds tokens, which have no rows.`);
}

const byName = (file: string): DataFormat | undefined => BY_EXTENSION[path.extname(file).slice(1).toLowerCase()];

function filesOf(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .sort()
    .map((name) => path.join(folder, name))
    .filter((file) => statSync(file).isFile());
}

function folderFormat(folder: string): DataFormat {
  const files = filesOf(folder);
  const formats = new Set(files.flatMap((file) => byName(file) ?? []));
  const holds = (names: RegExp): boolean => files.some((file) => names.test(file));
  // A read-me beside data says what they are; settings beside texts are no data.
  const isText = holds(/\.(txt|text)$/i) || (holds(/\.md$/i) && [...formats].every((format) => format === 'json'));
  if (formats.size === 0 || isText) return 'text';
  if (formats.size === 1) return [...formats][0]!;
  throw new RankwiseError(
    'E_FORMAT',
    `The folder ${folder} holds files of several formats: ${[...formats].sort().join(', ')}.`,
    'Name one of the files, or keep one format in a folder.',
  );
}

// JSON Lines under the name of JSON: the first line is an object by itself, and another begins after it.
function looksLikeLines(file: string): boolean {
  const head = headOf(file, HEAD);
  const { encoding, mark } = encodingOf(head);
  const lines = new TextDecoder(encoding)
    .decode(head.subarray(mark))
    .split('\n')
    .filter((line) => line.trim() !== '');
  if (lines.length < 2 || !lines[1]!.trimStart().startsWith('{')) return false;
  try {
    return typeof JSON.parse(lines[0]!) === 'object';
  } catch {
    return false;
  }
}
