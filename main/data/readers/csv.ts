import { RankwiseError } from '../../../preload/contract/errors.ts';
import { byteName, firstInvalidByte, UTF8_HINT } from '../utf8.ts';
import { utf8Pieces } from './bytes.ts';
import { scanRecord } from './csv-record.ts';
import type { Finding, Findings, Reading } from './row.ts';

const LINE_FEED = 0x0a;
const MOST_RECORD_BYTES = 32 * 2 ** 20;

/**
 * Rows of a table of text, its first line being the names of the columns. The separator of a .csv is the one of comma, semicolon
 * and tab that its first line holds most of. Every value is text. Throws E_DATA where there is no first line.
 */
export async function* readCsv(file: string, format: 'csv' | 'tsv', reading: Reading = {}): Findings {
  const table = new Table(file);
  let held: Buffer = Buffer.alloc(0);
  let separator: number | undefined;
  for await (const piece of utf8Pieces(file, reading)) {
    held = held.length === 0 ? piece : Buffer.concat([held, piece]);
    separator ??= (format === 'tsv' ? '\t' : separatorOf(held)).charCodeAt(0);
    // A record that does not end in so many bytes has a quote that was never closed.
    const { findings, used } = table.take(held, separator, held.length > MOST_RECORD_BYTES);
    held = held.subarray(used);
    yield findings;
  }
  yield table.take(held, separator ?? 0, true).findings;
  if (!table.named) throw new RankwiseError('E_DATA', `${file} has no line that names its columns.`);
}

class Table {
  readonly #file: string;
  #names: string[] | undefined;
  #line = 1;
  #row = 0;

  constructor(file: string) {
    this.#file = file;
  }

  get named(): boolean {
    return this.#names !== undefined;
  }

  take(bytes: Buffer, separator: number, final: boolean): { findings: Finding[]; used: number } {
    const findings: Finding[] = [];
    let at = 0;
    while (at < bytes.length) {
      const scan = scanRecord(bytes, at, separator, final);
      if (scan.kind === 'more') break;
      if (scan.kind === 'fault') findings.push(this.#faulty(bytes.subarray(at, scan.at), scan.message));
      else if (!this.#names) this.#names = this.#namesOf(scan.fields);
      else if (scan.fields.length > 1 || scan.fields[0]!.length > 0) findings.push(this.#rowOf(scan.fields));
      this.#line += linesIn(bytes, at, scan.next);
      at = scan.next;
    }
    return { findings, used: at };
  }

  #namesOf(fields: Buffer[]): string[] {
    const names = fields.map((name, i) => name.toString('utf8').trim() || `column ${i + 1}`);
    const twice = names.find((name, i) => names.indexOf(name) !== i);
    if (twice === undefined) return names;
    throw new RankwiseError(
      'E_DATA',
      `${this.#file} names the column “${twice}” twice.`,
      'Rename one of them in the first line.',
    );
  }

  #rowOf(fields: Buffer[]): Finding {
    const names = this.#names!;
    const place = { file: this.#file, line: this.#line, row: ++this.#row };
    if (fields.length !== names.length) {
      return {
        ...place,
        column: null,
        message: `The row has ${fields.length} fields, the first line names ${names.length} columns.`,
        hint: 'Put fields that hold the separator or a line break into double quotes.',
      };
    }
    const bad = fields.findIndex((field) => firstInvalidByte(field) >= 0);
    if (bad >= 0) {
      const byte = fields[bad]![firstInvalidByte(fields[bad]!)]!;
      return {
        ...place,
        column: null,
        message: `The field “${names[bad]}” holds the byte ${byteName(byte)}, which begins no character of UTF-8.`,
        hint: UTF8_HINT,
      };
    }
    return { ...place, values: Object.fromEntries(names.map((name, i) => [name, fields[i]!.toString('utf8')])) };
  }

  /** @param before the bytes from the beginning of the record to the fault */
  #faulty(before: Buffer, message: string): Finding {
    const lineBegin = before.lastIndexOf(LINE_FEED) + 1;
    return {
      file: this.#file,
      line: this.#line + linesIn(before, 0, before.length),
      column: before.toString('utf8', lineBegin).length + 1,
      row: ++this.#row,
      message: `${message}.`,
      hint: 'A double quote within a quoted field is written twice. The rows from the next line on are used.',
    };
  }
}

function separatorOf(start: Buffer): string {
  const line = start
    .toString('latin1', 0, 2 ** 16)
    .split(/[\r\n]/, 1)[0]!
    .replace(/"[^"]*"/g, '');
  const count = (separator: string): number => line.split(separator).length;
  return [',', ';', '\t'].reduce((best, each) => (count(each) > count(best) ? each : best));
}

// Line ends within a range: LF, or CR that no LF follows.
function linesIn(bytes: Buffer, begin: number, end: number): number {
  let lines = 0;
  for (let i = begin; i < end; i++) {
    if (bytes[i] === LINE_FEED || (bytes[i] === 0x0d && bytes[i + 1] !== LINE_FEED)) lines += 1;
  }
  return lines;
}
