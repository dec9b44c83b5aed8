import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { DocumentJoiner, packDocuments, type Sequence } from '../../main/data/packing.ts';
import { RowPacker } from '../../main/data/row-packing.ts';
import { checkTokensFile, writeTokensFile } from '../../main/data/tokens-file.ts';
import { TokensWriter } from '../../main/data/tokens-writer.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'rankwise-packing-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Ids 1, 2, 3 …; the ones from `from` on are learned. */
const row = (first: number, length: number, from: number) => ({
  ids: Int32Array.from({ length }, (_, i) => first + i),
  trained: Uint8Array.from({ length }, (_, i) => (i >= from ? 1 : 0)),
  leading: 0,
});

function packed(rows: ReturnType<typeof row>[], length: number, packing = true) {
  const sequences: Record<keyof Sequence, number[]>[] = [];
  const packer = new RowPacker({ length, padId: 0, packing }, ({ ids, labels, documentStart }) =>
    sequences.push({ ids: [...ids], labels: [...labels], documentStart: [...documentStart] }),
  );
  for (const each of rows) packer.add(each);
  packer.end();
  return { sequences, counts: packer.counts };
}

describe('rows with prompts', () => {
  it('stay whole, go where least room is left behind them, and are learned where they are answers', () => {
    const { sequences, counts } = packed([row(10, 4, 2), row(20, 5, 3), row(30, 3, 1), row(40, 4, 3)], 8);
    expect(sequences).toEqual([
      {
        ids: [20, 21, 22, 23, 24, 30, 31, 32],
        labels: [-100, -100, -100, 23, 24, -100, 31, 32],
        documentStart: [0, 0, 0, 0, 0, 5, 5, 5],
      },
      {
        ids: [10, 11, 12, 13, 40, 41, 42, 43],
        labels: [-100, -100, 12, 13, -100, -100, -100, 43],
        documentStart: [0, 0, 0, 0, 4, 4, 4, 4],
      },
    ]);
    expect(counts).toEqual({ rows: 4, cut: 0, empty: 0, sequences: 2 });
  });

  it('are cut at the length, and left out where nothing to learn remains', () => {
    const { sequences, counts } = packed([row(10, 6, 2), row(20, 6, 5), row(30, 3, 3), row(40, 1, 0)], 4);
    expect(sequences.map(({ ids }) => ids)).toEqual([[10, 11, 12, 13]]);
    expect(counts).toEqual({ rows: 4, cut: 2, empty: 3, sequences: 1 });
  });

  it('are a sequence each without packing', () => {
    expect(packed([row(10, 2, 1), row(20, 3, 1)], 4, false).sequences).toEqual([
      { ids: [10, 11, 0, 0], labels: [-100, 11, -100, -100], documentStart: [0, 0, 2, 2] },
      { ids: [20, 21, 22, 0], labels: [-100, 21, 22, -100], documentStart: [0, 0, 0, 3] },
    ]);
  });

  it('are all there, whole, whatever their lengths', () => {
    const rows = Array.from({ length: 500 }, (_, i) => row(i * 100 + 1, 2 + ((i * 37) % 61), 1));
    const { sequences } = packed(rows, 64);
    const found = sequences.flatMap(({ ids, documentStart }) =>
      ids.flatMap((id, at) =>
        id !== 0 && documentStart[at] === at ? [ids.slice(at, at + rows[(id - 1) / 100]!.ids.length)] : [],
      ),
    );
    expect(found.sort((a, b) => a[0]! - b[0]!)).toEqual(rows.map(({ ids }) => [...ids]));
    const tokens = rows.reduce((sum, { ids }) => sum + ids.length, 0);
    // Nearly no room is wasted.
    expect(tokens / (sequences.length * 64)).toBeGreaterThan(0.97);
  });
});

describe('a tokens file that grows', () => {
  it('is the same, byte by byte, as one that is written at once', () => {
    const documents = Array.from({ length: 40 }, (_, i) =>
      Int32Array.from({ length: 1 + ((i * 7) % 23) }, (_, j) => i + j),
    );
    const [atOnce, grown] = [path.join(folder, 'at-once.safetensors'), path.join(folder, 'grown.safetensors')];
    writeTokensFile(atOnce, packDocuments(documents, 16, 0));
    const writer = new TokensWriter(grown, 16);
    const joiner = new DocumentJoiner({ length: 16, padId: 0 }, (sequence) => writer.add(sequence));
    for (const document of documents) joiner.add(document);
    joiner.end();
    writer.end();
    expect(readFileSync(grown).equals(readFileSync(atOnce))).toBe(true);
    expect(checkTokensFile(grown, 1000)).toMatchObject({ length: 16 });
  });

  it('leaves nothing behind when it is dropped', () => {
    new TokensWriter(path.join(folder, 'dropped', 'x.safetensors'), 4).drop();
    expect(readdirSync(path.join(folder, 'dropped'))).toEqual([]);
  });
});
