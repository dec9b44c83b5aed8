import { isUtf8 } from 'node:buffer';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import path from 'node:path';
import { RankwiseError } from '../../preload/contract/errors.ts';
import { END_OF_TEXT } from './bpe-trainer.ts';

const TEXT_NAMES = /\.(txt|text|md)$/i;
// The longest string of V8 has 2^29 − 24 characters.
const MOST_BYTES = 500 * 2 ** 20;

/**
 * The documents of a text file, or of every .txt, .text and .md file of a folder, in order of their names. A file is a
 * document; `<|endoftext|>` within a file separates documents. Throws E_DATA: what is missing, empty or not UTF-8.
 */
export function readDocuments(source: string): string[] {
  const documents = textFiles(source).flatMap((file) => decode(file).split(END_OF_TEXT));
  const filled = documents.filter((document) => document.trim().length > 0);
  if (filled.length === 0) throw new RankwiseError('E_DATA', `${source} is empty: there is no text to learn from.`);
  return filled;
}

function textFiles(source: string): string[] {
  const found = statSync(source, { throwIfNoEntry: false });
  if (!found) throw new RankwiseError('E_DATA', `There is no data at ${source}.`, 'Name a text file, a folder of text files or a tokens file.');
  if (found.isFile()) return [source];
  const files = readdirSync(source, { recursive: true, encoding: 'utf8' })
    .filter((name) => TEXT_NAMES.test(name))
    .sort()
    .map((name) => path.join(source, name))
    .filter((file) => statSync(file).isFile());
  if (files.length === 0) throw new RankwiseError('E_DATA', `The folder ${source} holds no .txt or .md file.`);
  return files;
}

function decode(file: string): string {
  if (statSync(file).size > MOST_BYTES) {
    throw new RankwiseError('E_DATA', `${file} is larger than 500 MiB.`, 'Split it into several files in one folder.');
  }
  const bytes = readFileSync(file);
  if (!isUtf8(bytes)) {
    const offset = firstInvalidByte(bytes);
    throw new RankwiseError('E_DATA', `${file} is not UTF-8: byte ${offset} (0x${bytes[offset]!.toString(16).padStart(2, '0')}) begins no character.`, 'Convert it, for instance with: iconv -f WINDOWS-1252 -t UTF-8');
  }
  const start = bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf ? 3 : 0;
  return bytes.toString('utf8', start);
}

// The offset at which the longest valid beginning ends, by halving.
function firstInvalidByte(bytes: Buffer): number {
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
