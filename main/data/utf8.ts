import { isUtf8 } from 'node:buffer';

/** Offset of the first byte that begins no character of UTF-8, or −1. */
export function firstInvalidByte(bytes: Buffer): number {
  if (isUtf8(bytes)) return -1;
  // By halving: the offset at which the longest valid beginning ends.
  const validEnd = (end: number): boolean => {
    // A prefix may cut a character: up to three bytes of it do not count against it.
    for (let cut = 0; cut <= 3 && cut <= end; cut++) if (isUtf8(bytes.subarray(0, end - cut))) return true;
    return false;
  };
  let good = 0;
  let bad = bytes.length;
  while (bad - good > 1) {
    const middle = (good + bad) >> 1;
    if (validEnd(middle)) good = middle;
    else bad = middle;
  }
  while (good > 0 && !isUtf8(bytes.subarray(0, good))) good -= 1;
  return good;
}

/** A byte as it is shown in sentences: 0x9f. */
export function byteName(byte: number): string {
  return `0x${byte.toString(16).padStart(2, '0')}`;
}

/** What to do about a file of another encoding. */
export const UTF8_HINT =
  'Save the file again as UTF-8: spreadsheets and text editors ask for the encoding under “Save as”. In a terminal: iconv -f WINDOWS-1252 -t UTF-8';
