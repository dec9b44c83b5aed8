import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { loadTokenizer } from '../../main/data/tokenizer.ts';

const fixtures = path.resolve(import.meta.dirname, '../fixtures/tokenizers');

interface Case {
  text: string;
  /** With the special tokens around it. */
  ids: number[];
  /** Without special tokens. */
  decoded: string;
}

// What Hugging Face's own tokenizers (Rust) makes of the same tokenizer.json: test/oracles/token_ids.py.
describe.each(readdirSync(fixtures))('a tokenizer in the manner of %s', (name) => {
  const folder = path.join(fixtures, name);
  const tokenizer = loadTokenizer(folder);
  const cases = JSON.parse(readFileSync(path.join(folder, 'cases.json'), 'utf8')) as Case[];

  it.each(cases)('encodes $text as the reference does', ({ text, ids }) => {
    expect(tokenizer.encode(text)).toEqual(ids);
  });

  it.each(cases)('decodes the ids of $text as the reference does', ({ ids, decoded }) => {
    expect(tokenizer.decode(ids)).toBe(decoded);
  });
});
