import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { isRow, type Row } from '../../main/data/readers/row.ts';
import { openSource, readSource } from '../../main/data/source.ts';
import { guessMapping } from '../../main/data/roles.ts';
import { peek } from '../../main/data/row-source.ts';
import { reportOf } from '../../preload/contract/errors.ts';

/** More of them in `npm run test:full`. */
const RUNS = Math.min(20_000, Number(process.env.RANKWISE_FUZZ_RUNS ?? 2000));
const fixtures = path.resolve(import.meta.dirname, '../fixtures/parquet');
const folder = mkdtempSync(path.join(tmpdir(), 'rankwise-parquet-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const read = async (file: string): Promise<Row[]> => {
  const rows: Row[] = [];
  for await (const findings of readSource(openSource(file))) rows.push(...findings.filter(isRow));
  return rows;
};

describe('Parquet', () => {
  it.each(['none', 'snappy', 'gzip', 'zstd', 'brotli'])(
    'reads chats under %s, a row group at a time',
    async (codec) => {
      const file = path.join(fixtures, `chats-${codec}.parquet`);
      const rows = await read(file);
      expect(rows).toHaveLength(6);
      expect(rows[5]).toEqual({
        file,
        line: null,
        row: 6,
        values: {
          messages: [
            { role: 'user', content: 'question 5' },
            { role: 'assistant', content: 'answer é 5' },
          ],
          source: 'a',
        },
      });
      const survey = await peek(openSource(file));
      expect(guessMapping(survey.columns(), survey.samples)).toEqual({ messages: 'messages' });
    },
  );

  it('gives values as JSON has them', async () => {
    const rows = await read(path.join(fixtures, 'plain.parquet'));
    expect(rows.map(({ values }) => values)).toEqual([
      { text: 'one', n: 1, share: 0.5, good: true, day: '1970-01-01T00:00:00.000Z', raw: null, tags: ['x', 'y'] },
      { text: null, n: '1152921504606846976', share: null, good: false, day: '1970-01-02T00:00:00.000Z', raw: null, tags: [] },
      { text: 'three', n: null, share: 1, good: null, day: null, raw: '', tags: null },
    ]); // prettier-ignore
  });

  it('counts the bytes of the file once', async () => {
    const source = openSource(path.join(fixtures, 'chats-zstd.parquet'));
    let bytes = 0;
    for await (const _ of readSource(source, { onBytes: (more) => (bytes += more) })) void _;
    expect(bytes).toBe(source.bytes);
  });

  it('refuses damaged files in words, whatever was damaged', async () => {
    const sound = readFileSync(path.join(fixtures, 'chats-snappy.parquet'));
    const damaged = path.join(folder, 'damaged.parquet');
    let refused = 0;
    for (let i = 0; i < RUNS; i++) {
      const bytes = Buffer.from(sound);
      const at = (i * 7919) % bytes.length;
      if (i % 3 === 0) writeFileSync(damaged, bytes.subarray(0, at + 1));
      else {
        bytes[at] = i % 3 === 1 ? bytes[at]! ^ (1 << (i % 8)) : 0xff;
        writeFileSync(damaged, bytes);
      }
      try {
        await read(damaged);
      } catch (error) {
        expect(reportOf(error).code).toBe('E_DATA');
        refused += 1;
      }
    }
    expect(refused).toBeGreaterThan(100);
  });
});
