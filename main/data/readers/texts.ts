import { END_OF_TEXT } from '../bpe-trainer.ts';
import { decodeText } from '../text.ts';
import type { Findings, Reading } from './row.ts';

/** The documents of a text file as rows with the one column “text”. */
export async function* readTexts(file: string, { onBytes, signal }: Reading = {}): Findings {
  signal?.throwIfAborted();
  const text = decodeText(file);
  onBytes?.(Buffer.byteLength(text));
  let line = 1;
  let row = 0;
  const rows = [];
  for (const document of text.split(END_OF_TEXT)) {
    if (document.trim().length > 0) rows.push({ file, line, row: ++row, values: { text: document } });
    line += document.split('\n').length - 1;
  }
  yield rows;
}
