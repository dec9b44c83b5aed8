import { appendFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createApp, type App, type Services } from '../../main/app.ts';
import { resolvePaths } from '../../main/paths.ts';
import type { RunRecord } from '../../main/store/runs.ts';
import { parseRunFile } from '../../preload/contract/run-file.ts';
import { FakeEngine } from './fake-engine.ts';

let folder: string;
let engine: FakeEngine;
let app: App;
let services: Services;

const open = async (): Promise<void> => {
  app = createApp(resolvePaths({ RANKWISE_HOME: path.join(folder, 'home') }), { engine });
  services = await app.open();
};
/** As if the database had been deleted. */
const loseRecords = async (): Promise<void> => {
  await app.close();
  for (const end of ['', '-wal', '-shm']) rmSync(path.join(folder, 'home', `rankwise.db${end}`), { force: true });
  await open();
};

beforeEach(async () => {
  folder = mkdtempSync(path.join(tmpdir(), 'rankwise-unit-'));
  writeFileSync(path.join(folder, 'text.txt'), 'the whale and the sea and the whale '.repeat(60));
  engine = new FakeEngine();
  await open();
});
afterEach(async () => {
  await app.close();
  rmSync(folder, { recursive: true, force: true });
});

const file = (more: Record<string, unknown> = {}) => ({
  name: 'whale',
  model: { preset: 'tiny' },
  data: { train: path.join(folder, 'text.txt'), sequenceLength: 16 },
  method: { name: 'ranked' },
  training: { steps: 20 },
  ...more,
});

async function trainInProject(): Promise<string> {
  const project = await services.projects.create('Whales');
  services.manager.wake();
  const id = await services.launcher.start(file(), project.id, false);
  while (services.manager.training !== null) await new Promise(setImmediate);
  return id;
}

const trainInTerminal = (output: string, more: Record<string, unknown> = {}) =>
  services.runs.train(parseRunFile(file({ output, ...more })), { base: folder, folder, name: 'x' });

/** What a rescan brings back of a record; times are those of the files. */
const lasting = ({ endedAt: _, memory: __, ...record }: RunRecord): object => record;

describe('records made anew from the folders of runs', () => {
  it('are the same, with project, curves, events and checkpoints', async () => {
    const id = await trainInProject();
    const terminal = await trainInTerminal(path.join(folder, 'elsewhere'));
    const before = [id, terminal.id].map((each) => lasting(services.records.find(each)));
    const loss = services.store.metrics.series(id, 'loss');
    const checkpoints = services.store.checkpoints.list(id);
    await loseRecords();
    expect(services.recovered).toMatchObject({ runs: 2, problems: [], damaged: null });
    expect([id, terminal.id].map((each) => lasting(services.records.find(each)))).toEqual(before);
    expect(services.store.metrics.series(id, 'loss')).toEqual(loss);
    expect(services.store.metrics.last(id, 'tokens')).toBe(2000);
    expect(services.store.checkpoints.list(id)).toEqual(checkpoints);
    expect((await services.projects.list()).map(({ name, runs }) => [name, runs]).sort()).toEqual([
      ['Terminal', 1],
      ['Whales', 1],
    ]);
  });

  it('have the names, tags, notes, pins and projects that the user gave last', async () => {
    const id = await trainInProject();
    services.records.annotate(id, {
      name: ' The whale ',
      tags: ['sea', 'keep'],
      note: 'Rank 8 is enough.',
      pinned: true,
    });
    const fish = await services.projects.create('Fish');
    services.records.annotate(id, { project: fish.id });
    await services.projects.rename(fish.id, 'Fishes');
    const before = lasting(services.records.find(id));
    await loseRecords();
    expect(lasting(services.records.find(id))).toEqual(before);
    expect(before).toMatchObject({ name: 'The whale', tags: ['sea', 'keep'], note: 'Rank 8 is enough.', pinned: true });
    expect((await services.projects.list()).map(({ name }) => name)).toEqual(['Fishes']);
  });

  it('say of a run that never ended that it was interrupted, whatever its last line looks like', async () => {
    const { id } = await trainInTerminal('cut');
    const log = path.join(folder, 'cut', 'events.jsonl');
    const lines = readFileSync(log, 'utf8').trim().split('\n');
    writeFileSync(log, lines.slice(0, 12).join('\n'));
    appendFileSync(log, '\n{"type":"step","st');
    await loseRecords();
    expect(services.records.find(id)).toMatchObject({ state: 'interrupted', result: null });
    expect(services.store.metrics.lastStep(id, 'loss')).toBeGreaterThan(5);
  });

  it('are told once, and name what cannot be read', async () => {
    const { id } = await trainInTerminal('good');
    await trainInTerminal('bad');
    writeFileSync(path.join(folder, 'bad', 'run.json'), '{');
    services.store.runs.delete(id);
    const found = await services.runRescan.rescan();
    expect(found.runs).toBe(1);
    expect(found.problems).toHaveLength(1);
    expect(found.problems[0]).toContain('bad');
    expect((await services.runRescan.rescan()).runs).toBe(0);
  });
});
