import { utf8Pieces } from './bytes.ts';
import { jsonRow } from './json-value.ts';
import type { Finding, Findings, Reading } from './row.ts';

const MOST_LINE_BYTES = 256 * 2 ** 20;
const BLANK = /^\s*$/;

/** Rows of a file that holds a JSON object a line. Blank lines are no rows. */
export async function* readJsonLines(file: string, reading: Reading = {}): Findings {
  let line = 0;
  let row = 0;
  for await (const lines of linesOf(file, reading)) {
    const findings: Finding[] = [];
    for (const bytes of lines) {
      line += 1;
      if (bytes === TOO_LONG) {
        row += 1;
        const message = `The line is longer than ${MOST_LINE_BYTES / 2 ** 20} MiB.`;
        findings.push({ file, line, column: null, row, message, hint: 'A row is one line: is this JSON Lines?' });
      } else if (!isBlank(bytes)) {
        row += 1;
        findings.push(jsonRow(bytes, { file, row, line, column: 1 }));
      }
    }
    yield findings;
  }
}

const TOO_LONG = Symbol('a line that is too long');

/** Lines without their ends, in the batches in which they were read. */
async function* linesOf(file: string, reading: Reading): AsyncGenerator<(Buffer | typeof TOO_LONG)[]> {
  let parts: Buffer[] = [];
  let held = 0;
  let tooLong = false;
  const take = (last: Buffer): Buffer | typeof TOO_LONG => {
    const whole = tooLong ? TOO_LONG : parts.length === 0 ? last : Buffer.concat([...parts, last]);
    parts = [];
    held = 0;
    tooLong = false;
    return whole;
  };
  for await (const piece of utf8Pieces(file, reading)) {
    const lines = [];
    let begin = 0;
    for (let end = piece.indexOf(10); end >= 0; end = piece.indexOf(10, begin)) {
      lines.push(take(piece.subarray(begin, end > begin && piece[end - 1] === 13 ? end - 1 : end)));
      begin = end + 1;
    }
    if (begin < piece.length) {
      held += piece.length - begin;
      tooLong ||= held > MOST_LINE_BYTES;
      parts = tooLong ? [] : [...parts, piece.subarray(begin)];
    }
    yield lines;
  }
  if (held > 0) yield [take(Buffer.alloc(0))];
}

function isBlank(bytes: Buffer): boolean {
  return bytes.length < 64 && BLANK.test(bytes.toString('latin1'));
}
