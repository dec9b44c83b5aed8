import path from 'node:path';
import type { DataFormat, DataKind, DataProblem, Mapping } from '../../preload/contract/datasets.ts';
import { RankwiseError } from '../../preload/contract/errors.ts';
import { Breath } from './breath.ts';
import { ColumnSurvey } from './columns.ts';
import { hashFile, hashTexts } from './content-hash.ts';
import { ExampleReader, type Example } from './example.ts';
import { isRow, type Reading, type Row } from './readers/row.ts';
import { checkMapping, guessMapping, kindOf } from './roles.ts';
import { openSource, readSource, type Source } from './source.ts';

/** Rows a first look reads. */
const PEEK = 200;

/** A source of rows whose columns have roles. */
export interface RowSource {
  source: Source;
  mapping: Mapping;
  kind: DataKind;
}

/** What rows need besides: how their columns are read and what of them is learned. */
export interface RowReading {
  mapping?: Mapping | null;
  /** Taken where the source has its columns and no mapping is given: that of the training data, for evaluation. */
  likely?: Mapping | null;
  template?: string;
  trainOn?: 'completions' | 'all';
}

export interface ReadExample {
  row: Row;
  example: Example;
}

/** The first rows of a source, and what their columns hold. */
export async function peek(source: Source): Promise<ColumnSurvey> {
  const survey = new ColumnSurvey();
  for await (const findings of readSource(source)) {
    for (const finding of findings) if (isRow(finding)) survey.take(finding);
    if (survey.rows >= PEEK) break;
  }
  return survey;
}

/**
 * Opens rows under a mapping, or under what a first look makes of the columns. `likely` is taken where its columns are there.
 * Throws E_DATA, E_FORMAT, E_MAPPING.
 */
export async function openRows(
  path: string,
  format: DataFormat | 'auto',
  given: Mapping | null,
  likely: Mapping | null = null,
): Promise<RowSource> {
  const source = openSource(path, format);
  if (source.format === 'text') return { source, mapping: { text: 'text' }, kind: 'text' };
  const survey = await peek(source);
  const columns = survey.columns();
  const names = columns.map(({ name }) => name);
  if (survey.rows === 0) throw new RankwiseError('E_DATA', `${path} holds no row that can be used.`);
  const fits = likely !== null && Object.keys(likely).every((name) => names.includes(name));
  const mapping = given ?? (fits ? likely : guessMapping(columns, survey.samples));
  if (given === null && kindOf(mapping) === 'unclear') {
    throw new RankwiseError(
      'E_MAPPING',
      `It is not clear what the columns of ${path} are for: ${names.map((name) => `“${name}”`).join(', ')}.`,
      'Say it with data.mapping: {"column": "prompt", "other column": "completion"}, or "text", or "messages".',
    );
  }
  checkMapping(mapping, columns);
  return { source, mapping, kind: kindOf(mapping) };
}

/** The examples of every row; what keeps a row from being one goes to `onProblem`. Gives the thread away from time to time. */
export async function* readExamples(
  { source, mapping }: RowSource,
  { onProblem, ...reading }: Reading & { onProblem?: (problem: DataProblem) => void } = {},
): AsyncGenerator<ReadExample> {
  const reader = new ExampleReader(mapping);
  const breath = new Breath();
  for await (const findings of readSource(source, reading)) {
    for (const finding of findings) {
      if (breath.due) {
        reading.signal?.throwIfAborted();
        await breath.take();
      }
      if (!isRow(finding)) {
        onProblem?.(finding);
        continue;
      }
      const example = reader.read(finding);
      if (typeof example === 'string') onProblem?.(problemOf(finding, example));
      else yield { row: finding, example };
    }
  }
}

/** A row that was read and yet cannot be used. */
export function problemOf({ file, line, row }: Row, what: string): DataProblem {
  const message = `${what.charAt(0).toUpperCase()}${what.slice(1).replace(/\.$/, '')}.`;
  return { file, line, column: null, row, message, hint: 'The row is left out; the others are used.' };
}

/** SHA-256 of a source's bytes: the file's own, or over the names and hashes of a folder's files. */
export async function hashSource({ path: place, files }: Source, reading: Reading = {}): Promise<string> {
  if (files.length === 1 && files[0] === place) return hashFile(place, reading);
  const parts: string[] = [];
  for (const file of files) parts.push(path.relative(place, file), await hashFile(file, reading));
  return hashTexts(parts);
}
