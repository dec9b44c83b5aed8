import path from 'node:path';
import type { Command } from 'commander';
import type { DatasetDetails, DataProblem } from '../../../preload/contract/datasets.ts';
import { bytes, whole } from '../../../preload/contract/figures.ts';
import type { WithContext } from '../context.ts';
import { interruptible } from '../signals.ts';
import { pairs, table } from '../table.ts';

const PROBLEMS_SHOWN = 10;
const EXAMPLE = 48;

/** `import dataset`: what a file or folder holds, as the library takes it in. */
export function addDatasetImport(command: Command, withContext: WithContext): void {
  command
    .command('dataset <path>')
    .description('JSON Lines, JSON, CSV, TSV, Parquet, text or tokens: a file, or a folder of one format')
    .option('--json', 'one JSON document on standard output')
    .action((place: string, options: { json?: boolean }) =>
      withContext(options, async ({ app, output }) => {
        const { datasetLibrary } = await app.open();
        const task = `import ${place}`;
        const found = await interruptible(
          () => app.tasks.cancel(task),
          () => datasetLibrary.import(path.resolve(place), task),
        );
        output.result(found, () => describe(found));
      }),
    );
}

function describe(found: DatasetDetails): string {
  const facts = pairs([
    ['Dataset', `${found.name} (${found.id}), version ${found.version}`],
    ['Format', `${found.format}, ${bytes(found.bytes)}`],
    ['Rows', `${whole(found.rows)}${found.problems > 0 ? `, and ${whole(found.problems)} that cannot be used` : ''}`],
    ['Kind', found.kind],
    ['SHA-256', found.hash],
  ]);
  const columns = table(
    [
      { title: 'Column' },
      { title: 'Role' },
      { title: 'Type' },
      { title: 'Filled', align: 'right' },
      { title: 'Example' },
    ],
    found.columns.map((column) => [
      column.name,
      found.mapping[column.name] ?? '–',
      column.type,
      `${Math.floor(column.filled * 100)} %`,
      shorten(column.example),
    ]),
  );
  const parts = [facts, ...(found.columns.length > 0 ? [columns] : [])];
  if (found.problems > 0) {
    const shown = found.problemList.slice(0, PROBLEMS_SHOWN).map(lineOf);
    const more = found.problems - shown.length;
    parts.push([...shown, ...(more > 0 ? [`… and ${whole(more)} more`] : [])].join('\n'));
  }
  return parts.join('\n\n');
}

function lineOf({ file, line, column, row, message }: DataProblem): string {
  const place = line === null ? `row ${row}` : [line, ...(column === null ? [] : [column])].join(':');
  return `${path.basename(file)}:${place}  ${message}`;
}

function shorten(example: string): string {
  const characters = [...example.replaceAll(/\s+/g, ' ')];
  return characters.length > EXAMPLE ? `${characters.slice(0, EXAMPLE - 1).join('')}…` : characters.join('');
}
