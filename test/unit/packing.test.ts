import { describe, expect, it } from 'vitest';
import { packDocuments, padDocuments } from '../../main/data/packing.ts';

const documents = [
  [1, 2, 3, 0],
  [4, 5, 0],
  [6, 7, 8, 9, 0],
].map((ids) => Int32Array.from(ids));
const rows = (values: Int32Array, length: number): number[][] =>
  Array.from({ length: values.length / length }, (_, row) => [...values.subarray(row * length, (row + 1) * length)]);

describe('packing', () => {
  it('joins documents to full sequences and never predicts across a border', () => {
    const { ids, labels, documentStart } = packDocuments(documents, 6, 0);
    expect(rows(ids, 6)).toEqual([
      [1, 2, 3, 0, 4, 5],
      [0, 6, 7, 8, 9, 0],
    ]);
    expect(rows(labels, 6)).toEqual([
      [-100, 2, 3, 0, -100, 5],
      [0, -100, 7, 8, 9, 0],
    ]);
    expect(rows(documentStart, 6)).toEqual([
      [0, 0, 0, 0, 4, 4],
      [0, 1, 1, 1, 1, 1],
    ]);
  });

  it('fills up the last sequence with tokens that nobody predicts or sees', () => {
    const { count, ids, labels, documentStart } = packDocuments(documents.slice(0, 2), 5, 99);
    expect(count).toBe(2);
    expect(rows(ids, 5)[1]).toEqual([5, 0, 99, 99, 99]);
    expect(rows(labels, 5)[1]).toEqual([5, 0, -100, -100, -100]);
    expect(rows(documentStart, 5)[1]).toEqual([0, 0, 2, 2, 2]);
  });

  it('drops a remainder of one token, which predicts nothing', () => {
    expect(packDocuments([Int32Array.from([1, 2, 3, 4, 5])], 4, 0).count).toBe(1);
  });

  it('keeps every token of every document', () => {
    const { ids } = packDocuments(documents, 4, 0);
    expect([...ids]).toEqual(documents.flatMap((document) => [...document]));
  });
});

describe('one document a sequence', () => {
  it('cuts what is longer, fills up what is shorter, and counts the cuts', () => {
    const { ids, labels, documentStart, cut } = padDocuments(documents, 4, 99);
    expect(cut).toBe(1);
    expect(rows(ids, 4)).toEqual([
      [1, 2, 3, 0],
      [4, 5, 0, 99],
      [6, 7, 8, 9],
    ]);
    expect(rows(labels, 4)[1]).toEqual([-100, 5, 0, -100]);
    expect(rows(documentStart, 4)[1]).toEqual([0, 0, 0, 3]);
  });
});
