import { RankwiseError } from '../../../preload/contract/errors.ts';
import { utf8Pieces } from './bytes.ts';
import { jsonRow, type Place } from './json-value.ts';
import type { Finding, Findings, Reading } from './row.ts';

const MOST_ROW_BYTES = 256 * 2 ** 20;
const [QUOTE, BACKSLASH, NEWLINE, COMMA, COLON] = [0x22, 0x5c, 0x0a, 0x2c, 0x3a];
const [OPEN_LIST, CLOSE_LIST, OPEN_OBJECT, CLOSE_OBJECT] = [0x5b, 0x5d, 0x7b, 0x7d];
const isSpace = (byte: number): boolean => byte === 0x20 || byte === NEWLINE || byte === 0x0d || byte === 0x09;

/**
 * Rows of a JSON file that is a list of objects, or an object with one list. The file is walked byte by byte and only a row at a
 * time is parsed. Throws E_DATA where there is no such list, or several.
 */
export async function* readJson(file: string, reading: Reading = {}): Findings {
  const walk = new ListWalk(file);
  for await (const piece of utf8Pieces(file, reading)) yield walk.take(piece);
  yield walk.end();
}

/** Finds the list and cuts it into its entries, whatever they hold: brackets are counted outside of texts. */
class ListWalk {
  readonly #file: string;
  /** Brackets that are open. */
  #depth = 0;
  /** Depth of the entries: 1 where the file is a list, 2 where it is an object with a list; 0 = not in the list. */
  #entryDepth = 0;
  #rootIsObject = false;
  #inText = false;
  #escaped = false;
  #begun = false;
  #lists = 0;
  #afterColon = false;
  #line = 1;
  #column = 0;
  #row = 0;
  #parts: Buffer[] | null = null;
  #held = 0;
  #place: Place | null = null;

  constructor(file: string) {
    this.#file = file;
  }

  take(piece: Buffer): Finding[] {
    const findings: Finding[] = [];
    let begin = 0;
    for (let i = 0; i < piece.length; i++) {
      const byte = piece[i]!;
      if (byte === NEWLINE) {
        this.#line += 1;
        this.#column = 0;
      } else if ((byte & 0xc0) !== 0x80) {
        this.#column += 1;
      }
      if (this.#inText) {
        if (this.#escaped) this.#escaped = false;
        else if (byte === BACKSLASH) this.#escaped = true;
        else if (byte === QUOTE) this.#inText = false;
        continue;
      }
      if (isSpace(byte)) continue;
      if (!this.#begun) this.#begin(byte);
      else if (this.#depth === 0) this.#refuse(`there is more behind its end, at line ${this.#line}`);
      const inList = this.#entryDepth > 0 && this.#depth === this.#entryDepth;
      if (inList && (byte === COMMA || byte === CLOSE_LIST)) {
        if (this.#parts) findings.push(this.#finish(piece.subarray(begin, i)));
        else if (byte === COMMA || this.#row > 0) findings.push(this.#missing());
      } else if (inList && !this.#parts) {
        this.#parts = [];
        this.#place = { file: this.#file, row: ++this.#row, line: this.#line, column: this.#column };
        begin = i;
      }
      this.#turn(byte);
    }
    if (this.#parts) {
      const rest = piece.subarray(begin);
      this.#held += rest.length;
      if (this.#held > MOST_ROW_BYTES) this.#refuse(`the row at line ${this.#place!.line} does not end`);
      this.#parts.push(rest);
    }
    return findings;
  }

  end(): Finding[] {
    if (!this.#begun) throw new RankwiseError('E_DATA', `${this.#file} is empty.`);
    if (this.#parts) return [this.#finish(Buffer.alloc(0))];
    if (this.#depth > 0) {
      const message = 'Not JSON: the file ends before its brackets are closed.';
      const hint = 'Is it whole? The rows before this are used.';
      return [{ file: this.#file, line: this.#line, column: this.#column + 1, row: null, message, hint }];
    }
    if (this.#lists === 0) this.#refuse('it holds no list of rows');
    return [];
  }

  #begin(byte: number): void {
    this.#begun = true;
    if (byte !== OPEN_LIST && byte !== OPEN_OBJECT) this.#refuse('it is neither a list nor an object');
    this.#rootIsObject = byte === OPEN_OBJECT;
  }

  #turn(byte: number): void {
    if (byte === QUOTE) this.#inText = true;
    if (byte === OPEN_LIST || byte === OPEN_OBJECT) {
      const isRows =
        byte === OPEN_LIST && (this.#rootIsObject ? this.#depth === 1 && this.#afterColon : this.#depth === 0);
      this.#depth += 1;
      if (isRows) {
        if (++this.#lists > 1) this.#refuse(`it holds several lists; the second begins at line ${this.#line}`);
        this.#entryDepth = this.#depth;
      }
    }
    if (byte === CLOSE_LIST || byte === CLOSE_OBJECT) {
      if (this.#depth === this.#entryDepth) this.#entryDepth = 0;
      this.#depth -= 1;
    }
    this.#afterColon = byte === COLON;
  }

  #finish(last: Buffer): Finding {
    const parts = this.#parts!;
    this.#parts = null;
    this.#held = 0;
    return jsonRow(parts.length === 0 ? last : Buffer.concat([...parts, last]), this.#place!);
  }

  #missing(): Finding {
    const message = 'Not JSON: a comma, and no row behind it.';
    return { file: this.#file, line: this.#line, column: this.#column, row: null, message, hint: 'Remove the comma.' };
  }

  #refuse(what: string): never {
    throw new RankwiseError(
      'E_DATA',
      `${this.#file} cannot be read as rows: ${what}.`,
      'Expected is a list of objects, or an object with one list of them.',
    );
  }
}
