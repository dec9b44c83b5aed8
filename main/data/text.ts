import { readdirSync, readFileSync, statSync } from 'node:fs';
import path from 'node:path';
import { RankwiseError } from '../../preload/contract/errors.ts';
import { END_OF_TEXT } from './bpe-trainer.ts';
import type { Reading } from './readers/row.ts';
import { byteName, firstInvalidByte, UTF8_HINT } from './utf8.ts';

const TEXT_NAMES = /\.(txt|text|md)$/i;
// The longest string of V8 has 2^29 − 24 characters.
const MOST_BYTES = 500 * 2 ** 20;

/**
 * The documents of a text file, or of every .txt, .text and .md file of a folder, in order of their names. A file is a
 * document; `<|endoftext|>` within a file separates documents. Throws E_DATA: what is missing, empty or not UTF-8.
 */
export function readDocuments(source: string, { onBytes, signal }: Reading = {}): string[] {
  const documents = textFiles(source).flatMap((file) => {
    signal?.throwIfAborted();
    const text = decodeText(file);
    onBytes?.(statSync(file).size);
    return text.split(END_OF_TEXT);
  });
  const filled = documents.filter((document) => document.trim().length > 0);
  if (filled.length === 0) throw new RankwiseError('E_DATA', `${source} is empty: there is no text to learn from.`);
  return filled;
}

/** The text files of a source, in order of their names. Throws E_DATA where there is none. */
export function textFiles(source: string): string[] {
  const found = statSync(source, { throwIfNoEntry: false });
  if (!found)
    throw new RankwiseError(
      'E_DATA',
      `There is no data at ${source}.`,
      'Name a text file, a folder of text files or a tokens file.',
    );
  if (found.isFile()) return [source];
  const files = readdirSync(source, { recursive: true, encoding: 'utf8' })
    .filter((name) => TEXT_NAMES.test(name))
    .sort()
    .map((name) => path.join(source, name))
    .filter((file) => statSync(file).isFile());
  if (files.length === 0) throw new RankwiseError('E_DATA', `The folder ${source} holds no .txt or .md file.`);
  return files;
}

/** A text file of UTF-8, without its byte-order mark. Throws E_DATA. */
export function decodeText(file: string): string {
  if (statSync(file).size > MOST_BYTES) {
    throw new RankwiseError('E_DATA', `${file} is larger than 500 MiB.`, 'Split it into several files in one folder.');
  }
  const bytes = readFileSync(file);
  const offset = firstInvalidByte(bytes);
  if (offset >= 0) {
    throw new RankwiseError(
      'E_DATA',
      `${file} is not UTF-8: byte ${offset} (${byteName(bytes[offset]!)}) begins no character.`,
      UTF8_HINT,
    );
  }
  const start = bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf ? 3 : 0;
  return bytes.toString('utf8', start);
}
