import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { missingTokenizer } from '../../main/formats/missing-tokenizer.ts';

describe('a folder without tokenizer.json', () => {
  let folder: string;
  beforeEach(() => (folder = mkdtempSync(path.join(tmpdir(), 'rankwise-tokenizer-'))));
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  it.each([
    ['tokenizer.model', 'SentencePiece'],
    ['vocab.json', 'the older format of byte-level BPE'],
    ['tekken.json', 'Tekken'],
  ])('is told which tokenizer %s is, and what makes one that is read', (file, kind) => {
    writeFileSync(path.join(folder, file), '');
    const { code, message, hint } = missingTokenizer(folder, 'Choose another.');
    expect(code).toBe('E_TOKENIZER');
    expect(message).toContain(`only as ${file} (${kind})`);
    expect(hint).toContain('AutoTokenizer');
  });

  it('with no tokenizer at all gets the hint of its place', () => {
    expect(missingTokenizer(folder, 'Choose another.')).toMatchObject({
      message: `${folder} has no tokenizer.json, which text needs.`,
      hint: 'Choose another.',
    });
  });
});
