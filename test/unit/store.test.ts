import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { RecordService } from '../../main/services/records.ts';
import { openDatabase } from '../../main/store/open.ts';
import { openStore, type Store } from '../../main/store/store.ts';
import type { Run } from '../../preload/contract/run-file.ts';

const migrations = path.resolve(import.meta.dirname, '../../main/store/migrations');
const NEWEST = Math.max(...readdirSync(migrations).map((file) => Number(file.slice(0, 3))));

const folder = mkdtempSync(path.join(tmpdir(), 'rankwise-unit-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const config = { method: { name: 'plain' } } as Run;
const record = (id: string, process_: number) => ({
  id,
  project: 'p',
  name: id,
  state: 'running' as const,
  config,
  output: `/tmp/${id}`,
  process: process_,
  createdAt: 1,
});

async function openMemory(): Promise<Store> {
  const store = await openStore(':memory:');
  store.projects.insert({ id: 'p', name: 'P', createdAt: 1 });
  return store;
}

describe('the records', () => {
  it('open with a write-ahead log and foreign keys, and again without migrating', async () => {
    const file = path.join(folder, 'a', 'rankwise.db');
    (await openDatabase(file)).close();
    const { database, close, damaged } = await openDatabase(file);
    expect(damaged).toBeNull();
    expect(database.pragma('journal_mode', { simple: true })).toBe('wal');
    expect(database.pragma('foreign_keys', { simple: true })).toBe(1);
    expect(database.pragma('user_version', { simple: true })).toBe(NEWEST);
    expect(database.pragma('integrity_check', { simple: true })).toBe('ok');
    close();
    expect(readdirSync(path.dirname(file))).toEqual(['rankwise.db']);
  });

  it('refuse a database of a newer version', async () => {
    const file = path.join(folder, 'newer.db');
    const { database, close } = await openDatabase(file);
    database.pragma('user_version = 99');
    close();
    await expect(openDatabase(file)).rejects.toThrow('newer Rankwise');
  });

  it('keep metrics in batches, the last value of a step, and NULL for what is no number', async () => {
    const store = await openMemory();
    store.runs.insert(record('r', process.pid));
    for (let step = 1; step <= 1000; step++) store.metrics.add('r', 'loss', step, 1 / step);
    store.metrics.add('r', 'loss', 1000, 7);
    store.metrics.add('r', 'loss', 1001, NaN);
    const series = store.metrics.series('r', 'loss');
    expect(series).toHaveLength(1001);
    expect(series.slice(-2)).toEqual([
      { step: 1000, value: 7 },
      { step: 1001, value: null },
    ]);
    store.close();
  });

  it('take everything of a run with it when it is deleted', async () => {
    const store = await openMemory();
    store.runs.insert(record('r', process.pid));
    store.metrics.add('r', 'loss', 1, 1);
    store.events.add('r', 1, 'merge', {});
    store.checkpoints.add('r', { step: 1, path: 'p', hash: 'h' });
    store.metrics.flush();
    store.runs.delete('r');
    expect([store.metrics.series('r', 'loss'), store.events.list('r'), store.checkpoints.list('r')]).toEqual([
      [],
      [],
      [],
    ]);
    store.close();
  });

  it('tell a run whose process has died as interrupted', async () => {
    const store = await openMemory();
    store.runs.insert(record('alive', process.pid));
    store.runs.insert(record('dead', 4194304));
    const states = new RecordService(store).list().map(({ id, state }) => [id, state]);
    expect(states).toEqual([
      ['alive', 'running'],
      ['dead', 'interrupted'],
    ]);
    store.close();
  });
});
