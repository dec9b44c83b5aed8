import { statSync } from 'node:fs';
import path from 'node:path';
import type { DataProblem, Mapping } from '../../preload/contract/datasets.ts';
import { Breath } from '../data/breath.ts';
import { ColumnSurvey } from '../data/columns.ts';
import { ExampleReader } from '../data/example.ts';
import { isRow, type Reading } from '../data/readers/row.ts';
import { guessMapping, kindOf } from '../data/roles.ts';
import { hashSource, peek, problemOf } from '../data/row-source.ts';
import { openSource, readSource, type Source } from '../data/source.ts';
import { checkTokensFile } from '../data/tokens-file.ts';
import type { DatasetVersion, ProblemList } from '../store/datasets.ts';

const MOST_LISTED = 100;

/** What a look at every row of a source found. */
export interface Survey {
  found: Omit<DatasetVersion, 'version' | 'importedAt'>;
  /** Rows that are nothing under the mapping. */
  unusable: ProblemList;
  /** The mapping that was looked through: the given one, or the guess. */
  mapping: Mapping;
}

/**
 * Reads a source once from beginning to end: its hash, its columns, and what is wrong with it. `reading.onBytes` counts every
 * byte twice, once for the hash. Throws E_DATA, E_FORMAT, E_TOKENS.
 */
export async function surveySource(source: Source, given: Mapping | null, reading: Reading = {}): Promise<Survey> {
  const hash = await hashSource(source, reading);
  const { format, bytes } = source;
  if (format === 'tokens') {
    const { count } = checkTokensFile(source.path, Number.MAX_SAFE_INTEGER);
    const found = { hash, format, rows: count, bytes, columns: [], guess: {}, unreadable: noProblems() };
    return { found, unusable: noProblems(), mapping: {} };
  }
  const first = await peek(source);
  const guess: Mapping = format === 'text' ? { text: 'text' } : guessMapping(first.columns(), first.samples);
  const names = first.columns().map(({ name }) => name);
  const mapping = given !== null && Object.keys(given).every((name) => names.includes(name)) ? given : guess;
  const columns = new ColumnSurvey();
  const unreadable = noProblems();
  const unusable = await checkRows(source, mapping, reading, {
    onProblem: (problem) => list(unreadable, problem),
    columns,
  });
  const found = { hash, format, rows: columns.rows, bytes, columns: columns.columns(), guess, unreadable };
  return { found, unusable, mapping };
}

/** The rows that are nothing under a mapping. */
export async function checkRows(
  source: Source,
  mapping: Mapping,
  reading: Reading,
  also: { onProblem?: (problem: DataProblem) => void; columns?: ColumnSurvey } = {},
): Promise<ProblemList> {
  const unusable = noProblems();
  const reader = kindOf(mapping) === 'unclear' ? null : new ExampleReader(mapping);
  const breath = new Breath();
  for await (const findings of readSource(source, reading)) {
    for (const finding of findings) {
      if (breath.due) {
        reading.signal?.throwIfAborted();
        await breath.take();
      }
      if (!isRow(finding)) {
        also.onProblem?.(finding);
        continue;
      }
      also.columns?.take(finding);
      const example = reader?.read(finding);
      if (typeof example === 'string') list(unusable, problemOf(finding, example));
    }
  }
  return unusable;
}

/** Names, sizes and times of a source's files: while it stays the same, so do (as good as surely) their bytes. Null where they are gone. */
export function stampOf(place: string): string | null {
  try {
    const { files } = openSource(place);
    return files
      .map((file) => ({ name: path.relative(place, file), stats: statSync(file) }))
      .map(({ name, stats }) => `${name} ${stats.size} ${stats.mtimeMs}`)
      .join('\n');
  } catch {
    return null;
  }
}

const noProblems = (): ProblemList => ({ count: 0, first: [] });

function list(problems: ProblemList, problem: DataProblem): void {
  problems.count += 1;
  if (problems.first.length < MOST_LISTED) problems.first.push(problem);
}
