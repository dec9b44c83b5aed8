import type { Column } from '../../preload/contract/datasets.ts';
import type { Row } from './readers/row.ts';

const MOST_COLUMNS = 500;
const EXAMPLE = 200;
const SAMPLES = 50;

interface Seen {
  types: Set<Column['type']>;
  filled: number;
  example: string;
}

/** What the columns of a source hold, gathered row by row. */
export class ColumnSurvey {
  readonly #columns = new Map<string, Seen>();
  /** The first rows: what a guess at the roles looks at. */
  readonly samples: Row[] = [];
  #rows = 0;

  take(row: Row): void {
    this.#rows += 1;
    if (this.samples.length < SAMPLES) this.samples.push(row);
    for (const [name, value] of Object.entries(row.values)) {
      const seen = this.#columns.get(name) ?? { types: new Set(), filled: 0, example: '' };
      if (!this.#columns.has(name)) {
        if (this.#columns.size >= MOST_COLUMNS) continue;
        this.#columns.set(name, seen);
      }
      if (isEmpty(value)) continue;
      seen.types.add(typeOf(value));
      seen.filled += 1;
      seen.example ||= exampleOf(value);
    }
  }

  get rows(): number {
    return this.#rows;
  }

  /** In the order in which they appeared. */
  columns(): Column[] {
    return Array.from(this.#columns, ([name, { types, filled, example }]) => ({
      name,
      type: types.size === 1 ? [...types][0]! : types.size === 0 ? 'text' : 'mixed',
      filled: this.#rows === 0 ? 0 : filled / this.#rows,
      example,
    }));
  }
}

function isEmpty(value: unknown): boolean {
  return value === undefined || value === null || value === '' || (Array.isArray(value) && value.length === 0);
}

function typeOf(value: unknown): Column['type'] {
  if (typeof value === 'string') return 'text';
  if (typeof value === 'number') return 'number';
  if (typeof value === 'boolean') return 'boolean';
  return Array.isArray(value) ? 'list' : 'object';
}

function exampleOf(value: unknown): string {
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  const begin = [...text.slice(0, EXAMPLE + 1)];
  return begin.length > EXAMPLE ? `${begin.slice(0, EXAMPLE).join('')}…` : text;
}
