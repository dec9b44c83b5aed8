import type { DataProblem } from '../../../preload/contract/datasets.ts';
import { byteName, firstInvalidByte, UTF8_HINT } from '../utf8.ts';
import { jsonFault } from './json-fault.ts';
import type { Finding } from './row.ts';

/** Where the bytes of a row stand: its number, and line and column of its first byte. All from 1. */
export interface Place {
  file: string;
  row: number;
  line: number;
  column: number;
}

const SHAPE_HINT = 'Every row is an object: {"prompt": "…", "completion": "…"}.';

/** A row from the bytes of a JSON object, or the problem that they are. */
export function jsonRow(bytes: Buffer, place: Place): Finding {
  const invalid = firstInvalidByte(bytes);
  if (invalid >= 0) {
    return problemAt(place, bytes.toString('utf8', 0, invalid), {
      message: `The byte ${byteName(bytes[invalid]!)} begins no character of UTF-8.`,
      hint: UTF8_HINT,
    });
  }
  const text = bytes.toString('utf8');
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    const fault = jsonFault(text) ?? { offset: 0, message: 'this is no JSON' };
    return problemAt(place, text.slice(0, fault.offset), {
      message: `Not JSON: ${fault.message}.`,
      hint: 'Mend the row in the file; the other rows are used without it.',
    });
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    const kind = Array.isArray(value) ? 'a list' : value === null ? 'null' : `a ${typeof value}`;
    return problemAt(place, '', { message: `The row is ${kind}, not an object.`, hint: SHAPE_HINT });
  }
  return { file: place.file, line: place.line, row: place.row, values: value as Record<string, unknown> };
}

/** A problem behind `before`, the text from the place up to it. */
function problemAt(place: Place, before: string, what: Pick<DataProblem, 'message' | 'hint'>): DataProblem {
  const lines = before.split('\n');
  const column = lines.at(-1)!.length + 1;
  return {
    file: place.file,
    line: place.line + lines.length - 1,
    column: lines.length === 1 ? place.column + column - 1 : column,
    row: place.row,
    ...what,
  };
}
