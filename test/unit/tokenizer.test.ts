import { readFileSync } from 'node:fs';
import path from 'node:path';
import { gunzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { bpeTokenizerConfig, trainByteLevelBpe } from '../../main/data/bpe-trainer.ts';
import { Tokenizer } from '../../main/data/tokenizer.ts';
import { bundledTexts } from '../../main/paths.ts';

const moby = gunzipSync(readFileSync(path.join(bundledTexts, 'moby-dick.txt.gz'))).toString('utf8');
const tokenizerOf = (texts: string[], size: number) =>
  new Tokenizer(JSON.stringify(trainByteLevelBpe(texts, size)), JSON.stringify(bpeTokenizerConfig));

describe('the byte-level BPE trainer', () => {
  it('merges the most frequent pair first and lower ids among equals', () => {
    // "ab" occurs four times, "cd" and "ef" twice each: cd comes first, its bytes being lower.
    const { model } = trainByteLevelBpe(['ab ab.ab-ab ef.cd-ef.cd'], 1000);
    expect(model.merges.slice(0, 3)).toEqual([['a', 'b'], ['c', 'd'], ['e', 'f']]); // prettier-ignore
  });

  it('counts overlapping pairs once: aaaa is two times aa', () => {
    const { model } = trainByteLevelBpe(['aaaa aaaa'], 1000);
    expect(model.merges.map((merge) => merge.join('+'))).toEqual(['a+a', 'aa+aa']);
  });

  it('stops where no pair occurs twice', () => {
    expect(trainByteLevelBpe(['abc'], 1000).model.merges).toEqual([]);
  });

  it('gives the same tokenizer for the same text', () => {
    expect(JSON.stringify(trainByteLevelBpe([moby.slice(0, 1e5)], 700))).toBe(
      JSON.stringify(trainByteLevelBpe([moby.slice(0, 1e5)], 700)),
    );
  });

  it('trains 4096 tokens on a book within seconds', () => {
    const started = performance.now();
    expect(Object.keys(trainByteLevelBpe([moby], 4096).model.vocab)).toHaveLength(4096);
    expect(performance.now() - started).toBeLessThan(30_000);
  });
});

describe('a trained tokenizer', () => {
  const tokenizer = tokenizerOf([moby.slice(0, 20000)], 600);
  // Ids that Hugging Face's own `tokenizers` 0.23 (Rust) gives with this tokenizer.json.
  const { cases } = JSON.parse(readFileSync(path.join(import.meta.dirname, 'tokenizer-cases.json'), 'utf8')) as {
    cases: { text: string; ids: number[] }[];
  };

  it.each(cases)('encodes $text as the reference does', ({ text, ids }) => {
    expect(tokenizer.encode(text)).toEqual(ids);
  });

  it.each(cases.filter(({ text }) => !text.includes('<|endoftext|>')))('gives $text back', ({ text, ids }) => {
    expect(tokenizer.decode(ids)).toBe(text);
  });

  it('ends a document with the end-of-text token', () => {
    expect(tokenizer.endId).toBe(0);
    expect(tokenizer.encodeDocument('Call me').at(-1)).toBe(0);
  });

  it('encodes a book in pieces as it does at once', () => {
    const text = moby.slice(0, 400_000);
    expect([...tokenizer.encodeDocument(text)]).toEqual([...tokenizer.encode(text), 0]);
  });
});
