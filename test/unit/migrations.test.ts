import {
  closeSync,
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  rmSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openDatabase } from '../../main/store/open.ts';
import { openStore } from '../../main/store/store.ts';

const source = path.resolve(import.meta.dirname, '../../main/store/migrations');
let folder: string;
let file: string;

beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'rankwise-unit-'));
  file = path.join(folder, 'rankwise.db');
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** The migrations up to a number, as a program of that time had them. */
function upTo(version: number): string {
  const older = path.join(folder, `migrations-${version}`);
  mkdirSync(older);
  for (const name of readdirSync(source))
    if (Number(name.slice(0, 3)) <= version) copyFileSync(path.join(source, name), path.join(older, name));
  return older;
}

async function write(version: number, sql: string): Promise<void> {
  const { database, close } = await openDatabase(file, upTo(version));
  database.exec(sql);
  close();
}

const OLD_RUN = `
  INSERT INTO runs (id, name, state, method, config, output, data_hash, engine, parent, result, created_at, ended_at) VALUES
    ('a', 'First', 'stopped', 'plain', '{"method":{"name":"plain"}}', '/a', 'd', 'e', NULL, '{"finalLoss":2}', 10, 20),
    ('b', 'Second', 'finished', 'plain', '{"method":{"name":"plain"}}', '/b', 'd', 'e', 'a', NULL, 30, 40);
  INSERT INTO metrics (run, key, step, value)
    WITH RECURSIVE steps (step) AS (SELECT 0 UNION ALL SELECT step + 1 FROM steps WHERE step < 999)
    SELECT 'a', 'loss', step, 1000 - step FROM steps;
  INSERT INTO run_events (run, step, kind, body) VALUES ('a', 3, 'merge', '{"kind":"merge"}');
  INSERT INTO checkpoints (run, step, path, hash) VALUES ('a', 100, '/a/checkpoints/1', 'h');`;

describe('the migration to projects', () => {
  it('keeps runs, metrics, events and checkpoints, in a project of the terminal', async () => {
    await write(1, OLD_RUN);
    const store = await openStore(file);
    expect(store.projects.list()).toEqual([{ id: 'terminal', name: 'Terminal', createdAt: 10, changedAt: 40 }]);
    // What was called stopped goes on when it is resumed.
    expect(store.runs.list().map(({ id, state, parent }) => [id, state, parent])).toEqual([
      ['b', 'finished', 'a'],
      ['a', 'paused', null],
    ]);
    expect(store.runs.find('a')).toMatchObject({
      project: 'terminal',
      pinned: false,
      tags: [],
      note: '',
      result: { finalLoss: 2 },
    });
    expect(store.metrics.series('a', 'loss')).toHaveLength(1000);
    expect(store.events.list('a')).toMatchObject([{ step: 3, kind: 'merge', at: null }]);
    expect(store.checkpoints.list('a')).toEqual([{ step: 100, path: '/a/checkpoints/1', hash: 'h' }]);
    store.close();
  });

  it('builds the pyramids of series that are there already', async () => {
    await write(1, OLD_RUN);
    const store = await openStore(file);
    const { steps, minimum, maximum, count } = store.metrics.buckets('a', 'loss', null, null, 3);
    expect({ steps: [...steps], minimum: [...minimum], maximum: [...maximum], count }).toEqual({
      steps: [0, 512],
      minimum: [489, 1],
      maximum: [1000, 488],
      count: 1000,
    });
    store.close();
  });

  it('leaves deleting to take everything of a run along', async () => {
    await write(1, OLD_RUN);
    const { database, close } = await openDatabase(file);
    database.prepare(`DELETE FROM projects WHERE id = 'terminal'`).run();
    for (const table of ['runs', 'series', 'metrics', 'metric_levels', 'run_events', 'checkpoints'])
      expect(database.prepare(`SELECT count(*) AS rows FROM ${table}`).get()).toEqual({ rows: 0 });
    close();
  });
});

describe('opening', () => {
  it('copies a database before it is changed, and keeps three copies', async () => {
    const backups = path.join(folder, 'backups');
    mkdirSync(backups);
    for (const day of [1, 2, 3]) writeFileSync(path.join(backups, `rankwise-2001-01-0${day}-version-1.db`), '');
    await write(1, OLD_RUN);
    (await openStore(file)).close();
    const kept = readdirSync(backups).sort();
    expect(kept).toHaveLength(3);
    expect(kept[0]).toContain('2001-01-02');
    copyFileSync(path.join(backups, kept[2]!), file);
    const { database, close } = await openDatabase(file, path.join(folder, 'migrations-1'));
    expect(database.prepare('SELECT count(*) AS runs FROM runs').get()).toEqual({ runs: 2 });
    close();
  });

  it('sets a damaged database aside after an unclean end, and begins a new one', async () => {
    await write(1, OLD_RUN);
    (await openStore(file)).close();
    const bytes = Buffer.alloc(8192, 0x5a);
    const handle = openSync(file, 'r+');
    writeSync(handle, bytes, 0, bytes.length, 4096);
    closeSync(handle);
    writeFileSync(`${file}.open-4194304`, '');
    const store = await openStore(file);
    expect(store.damaged).toMatch(/rankwise\.db\.damaged-/);
    expect(store.runs.list()).toEqual([]);
    expect(readdirSync(folder)).toContain(path.basename(store.damaged!));
    store.close();
  });

  it('sets aside what is no database at all', async () => {
    writeFileSync(file, 'not a database '.repeat(1000));
    const store = await openStore(file);
    expect(store.damaged).not.toBeNull();
    store.close();
  });

  it('keeps a sound database after an unclean end', async () => {
    await write(1, OLD_RUN);
    writeFileSync(`${file}.open-4194304`, '');
    const store = await openStore(file);
    expect(store.damaged).toBeNull();
    expect(store.runs.list()).toHaveLength(2);
    expect(readdirSync(folder)).not.toContain('rankwise.db.open-4194304');
    store.close();
  });
});

describe('the migration to downloads', () => {
  it('keeps models, what refers to them, and takes in downloaded ones', async () => {
    await write(
      4,
      `INSERT INTO models (id, name, origin, path, stamp, facts, added_at) VALUES ('m', 'Whale', 'baked', '/m', 's', '{}', 5);
       INSERT INTO merges (model, recipe, receipt, made_at) VALUES ('m', '{}', '{}', 5);`,
    );
    const store = await openStore(file);
    expect(store.models.get('m')).toMatchObject({ name: 'Whale', origin: 'baked', path: '/m', addedAt: 5 });
    expect(store.merges.of('m')).toMatchObject({ madeAt: 5 });
    store.models.put({ ...store.models.get('m')!, id: 'h', origin: 'hub', path: '/h' });
    store.models.remove('m');
    expect(store.merges.of('m')).toBeUndefined();
    store.close();
  });
});
