import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { readDocuments } from '../../main/data/text.ts';
import { checkTokensFile } from '../../main/data/tokens-file.ts';
import { readSafetensorsHeader, writeInt32Matrices } from '../../main/formats/safetensors.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'rankwise-unit-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const file = (name: string, content: string | Buffer): string => {
  const full = path.join(folder, name);
  mkdirSync(path.dirname(full), { recursive: true });
  writeFileSync(full, content);
  return full;
};

describe('text', () => {
  it.each([
    ['a lone continuation byte', Buffer.concat([Buffer.from('héllo'), Buffer.from([0x80]), Buffer.from('x')]), 6],
    ['a cut character at the end', Buffer.from([0x61, 0xe2, 0x82]), 1],
    ['a cut character in the middle', Buffer.from([0x61, 0xe2, 0x82, 0x62]), 1],
    ['an encoded surrogate', Buffer.from([0x61, 0x62, 0xed, 0xa0, 0x80, 0x63]), 2],
    ['Latin-1', Buffer.from('caf\xe9 au lait', 'latin1'), 3],
    ['the first byte', Buffer.from([0xff, 0xfe]), 0],
  ])('refuses %s and names its place', (_, bytes, offset) => {
    expect(() => readDocuments(file('bad.txt', bytes))).toThrow(`byte ${offset} `);
  });

  it('drops a byte-order mark and splits at the end-of-text token', () => {
    expect(readDocuments(file('marked.txt', '\ufeffone<|endoftext|>two<|endoftext|>\n'))).toEqual(['one', 'two']);
  });

  it('reads a folder in order of names, text files only', () => {
    file('many/b.txt', 'B');
    file('many/a.md', 'A');
    file('many/c/d.txt', 'D');
    file('many/picture.png', Buffer.from([0xff]));
    expect(readDocuments(path.join(folder, 'many'))).toEqual(['A', 'B', 'D']);
  });

  it.each([
    ['nothing', 'empty.txt', ''],
    ['white space alone', 'blank.txt', ' \n\n'],
  ])('refuses %s', (_, name, content) => {
    expect(() => readDocuments(file(name, content))).toThrow('is empty');
  });

  it('refuses what is not there', () => {
    expect(() => readDocuments(path.join(folder, 'absent.txt'))).toThrow('There is no data');
  });
});

describe('tokens files', () => {
  const write = (name: string, shape: [number, number], matrices: Record<string, Int32Array>): string => {
    const full = path.join(folder, name);
    writeInt32Matrices(full, shape, matrices);
    return full;
  };
  const ids = Int32Array.from([0, 1, 2, 3, 4, 5]);

  it('accepts ids with labels', () => {
    const good = write('good.safetensors', [2, 3], {
      input_ids: ids,
      labels: Int32Array.from([-100, 1, 2, -100, -100, 5]),
    });
    expect(checkTokensFile(good, 6)).toEqual({ count: 2, length: 3 });
  });

  it.each([
    ['an id outside the vocabulary', { input_ids: ids }, 5, 'holds 5 at sequence 1, position 2'],
    ['a negative label', { input_ids: ids, labels: Int32Array.from([0, 0, -1, 0, 0, 0]) }, 6, 'labels'],
    [
      'a document that begins in the future',
      { input_ids: ids, document_start: Int32Array.from([1, 0, 0, 0, 0, 0]) },
      6,
      'document_start',
    ],
    ['no ids', { tokens: ids }, 6, 'no tensor input_ids'],
  ])('refuses %s', (name, matrices, vocabulary, message) => {
    const bad = write(`${name}.safetensors`, [2, 3], matrices);
    expect(() => checkTokensFile(bad, vocabulary)).toThrow(message);
  });

  it('refuses labels of another shape', () => {
    const header = {
      input_ids: { dtype: 'I32', shape: [1, 2], data_offsets: [0, 8] },
      labels: { dtype: 'I32', shape: [2, 1], data_offsets: [0, 8] },
    };
    expect(() => checkTokensFile(file('shapes.safetensors', safetensors(JSON.stringify(header), 8)), 6)).toThrow(
      'expected that of input_ids',
    );
  });

  it.each([
    ['an empty file', Buffer.alloc(0)],
    ['a header longer than the file', safetensors('{}', 0, 1e12)],
    ['a header that is no JSON', safetensors('{"a":', 0)],
    ['a header that is a list', safetensors('[]', 0)],
    ['data outside the file', safetensors(entry([2], 0, 800), 8)],
    ['offsets in the wrong order', safetensors(entry([2], 8, 0), 8)],
    ['a size that is not the shape’s', safetensors(entry([3], 0, 8), 8)],
    ['negative offsets', safetensors(entry([2], -8, 0), 8)],
    ['an entry that is null', safetensors('{"a":null}', 8)],
  ])('refuses %s', (_, bytes) => {
    expect(() => readSafetensorsHeader(file('hostile.safetensors', bytes))).toThrow('is not a sound safetensors file');
  });
});

function entry(shape: number[], begin: number, end: number): string {
  return JSON.stringify({ a: { dtype: 'I32', shape, data_offsets: [begin, end] } });
}

function safetensors(header: string, dataBytes: number, length = Buffer.byteLength(header)): Buffer {
  const prefix = Buffer.alloc(8);
  prefix.writeBigUInt64LE(BigInt(length));
  return Buffer.concat([prefix, Buffer.from(header), Buffer.alloc(dataBytes)]);
}
