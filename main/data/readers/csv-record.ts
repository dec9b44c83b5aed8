const [QUOTE, LINE_FEED, RETURN] = [0x22, 0x0a, 0x0d];

export type CsvScan =
  | { kind: 'record'; fields: Buffer[]; next: number }
  /** What is wrong, where it is, and where the next line begins. */
  | { kind: 'fault'; message: string; at: number; next: number }
  /** The record does not end in these bytes. */
  | { kind: 'more' };

/**
 * The record that begins at an offset. A field in double quotes may hold the separator, line breaks, and quotes written twice;
 * in a field that does not begin with a quote they are signs like others. Lines end with LF, CR LF or CR.
 * @param final nothing follows the bytes
 */
export function scanRecord(bytes: Buffer, begin: number, separator: number, final: boolean): CsvScan {
  const fields: Buffer[] = [];
  for (let at = begin; ;) {
    let end: number;
    if (bytes[at] === QUOTE) {
      const close = closingQuote(bytes, at + 1);
      // A quote as the last byte may be the first of two.
      if (close < 0 || (close + 1 === bytes.length && !final)) {
        return final ? fault(bytes, at, 'The quote that opens here is not closed') : { kind: 'more' };
      }
      end = close + 1;
      if (end < bytes.length && bytes[end] !== separator && bytes[end] !== LINE_FEED && bytes[end] !== RETURN) {
        const broken = fault(bytes, end, 'A quoted field goes on behind its closing quote');
        return broken.next === bytes.length && !final ? { kind: 'more' } : broken;
      }
      fields.push(unquoted(bytes.subarray(at + 1, close)));
    } else {
      end = at;
      while (end < bytes.length && bytes[end] !== separator && bytes[end] !== LINE_FEED && bytes[end] !== RETURN) end++;
      if (end === bytes.length && !final) return { kind: 'more' };
      fields.push(bytes.subarray(at, end));
    }
    if (bytes[end] === separator) {
      at = end + 1;
      continue;
    }
    if (bytes[end] === RETURN && end + 1 === bytes.length && !final) return { kind: 'more' };
    const width = end === bytes.length ? 0 : bytes[end] === RETURN && bytes[end + 1] === LINE_FEED ? 2 : 1;
    return { kind: 'record', fields, next: end + width };
  }
}

// The quote that closes a field, quotes written twice being passed over; −1 where there is none.
function closingQuote(bytes: Buffer, from: number): number {
  for (let at = bytes.indexOf(QUOTE, from); at >= 0; at = bytes.indexOf(QUOTE, at + 2)) {
    if (bytes[at + 1] !== QUOTE) return at;
  }
  return -1;
}

function unquoted(field: Buffer): Buffer {
  if (!field.includes(QUOTE)) return field;
  return Buffer.from(field.toString('latin1').replaceAll('""', '"'), 'latin1');
}

function fault(bytes: Buffer, at: number, message: string): CsvScan & { kind: 'fault' } {
  const lineEnd = bytes.indexOf(LINE_FEED, at);
  return { kind: 'fault', message, at, next: lineEnd < 0 ? bytes.length : lineEnd + 1 };
}
