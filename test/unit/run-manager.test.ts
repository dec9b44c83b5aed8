import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createApp, type App, type Services } from '../../main/app.ts';
import { resolvePaths } from '../../main/paths.ts';
import { isWithin, QueueGate } from '../../main/services/queue-gate.ts';
import { RunManager } from '../../main/services/run-manager.ts';
import { TimeLeft } from '../../main/services/time-left.ts';
import { RankwiseError } from '../../preload/contract/errors.ts';
import type { Notice } from '../../preload/contract/notices.ts';
import type { RunState } from '../../preload/contract/runs.ts';
import { FakeEngine } from './fake-engine.ts';

let folder: string;
let engine: FakeEngine;
let app: App;
let services: Services;
let project: string;
let told: Notice[];

beforeEach(async () => {
  folder = mkdtempSync(path.join(tmpdir(), 'rankwise-unit-'));
  writeFileSync(path.join(folder, 'text.txt'), 'the whale and the sea and the whale '.repeat(60));
  engine = new FakeEngine();
  app = createApp(resolvePaths({ RANKWISE_HOME: path.join(folder, 'home') }), { engine });
  services = await app.open();
  project = (await services.projects.create('Whales')).id;
  told = [];
  app.notices.subscribe((notice) => told.push(notice));
  services.manager.wake();
});
afterEach(async () => {
  await app.close();
  rmSync(folder, { recursive: true, force: true });
});

const draft = (more: Record<string, unknown> = {}) => ({
  name: 'whale',
  model: { preset: 'tiny' },
  data: { train: path.join(folder, 'text.txt'), sequenceLength: 16 },
  method: { name: 'ranked' },
  training: { steps: 40 },
  ...more,
});
const start = (more?: Record<string, unknown>, first = false) => services.launcher.start(draft(more), project, first);
const stateOf = (id: string): RunState => services.records.find(id).state;

async function until(what: () => boolean): Promise<void> {
  while (!what()) await new Promise(setImmediate);
}
const ended = (id: string, state: RunState) => until(() => stateOf(id) === state && services.manager.training !== id);
/** The fake engine names checkpoints and writes none. */
async function keepCheckpoint(id: string, step: number): Promise<void> {
  const place = path.join(services.records.find(id).output, 'checkpoints', `step-${step}`);
  mkdirSync(place, { recursive: true });
  services.store.checkpoints.add(id, { step, path: place, hash: 'h' });
}

/** A text of many different words: a tokenizer is not made from it at once. */
const words = (count: number): string =>
  Array.from({ length: count }, (_, i) => ((i * 7919) % 100_003).toString(36)).join(' ');

const stepsDone = (id: string): number => services.store.metrics.lastStep(id, 'loss') + 1;

describe('runs of the desktop', () => {
  it('train one at a time, in order, each in a folder of its project', async () => {
    services.queue.hold(true);
    const first = await start();
    const second = await start();
    services.queue.hold(false);
    const urgent = services.launcher.reproduce(first);
    services.queue.move(urgent, 0);
    expect([stateOf(first), stateOf(second), stateOf(urgent)]).toEqual(['running', 'queued', 'queued']);
    expect(services.queue.get()).toMatchObject({ running: first, waiting: [urgent, second], waitsFor: null });
    await ended(second, 'finished');
    const order = services.store.runs.list().map((run) => [run.id, run.state]);
    expect(order).toHaveLength(3);
    expect(order.every(([, state]) => state === 'finished')).toBe(true);
    const begun = engine.jobs.flatMap((job) => (job.kind === 'train' ? [job.runId] : []));
    expect(begun).toEqual([first, urgent, second]);
    expect(existsSync(path.join(folder, 'home', 'runs', project, first, 'model'))).toBe(true);
    expect(await services.details.get(first)).toMatchObject({
      savedModel: first,
      savedAdapter: null,
      steps: 40,
      step: 40,
    });
  });

  it('are told about: states, metrics, events', async () => {
    const id = await start();
    await ended(id, 'finished');
    app.notices.flush();
    await new Promise(setImmediate);
    const steps = told.flatMap((notice) => (notice.topic === 'metrics' && notice.run === id ? [...notice.steps] : []));
    expect(steps).toEqual(Array.from({ length: 40 }, (_, step) => step));
    const last = told.filter((notice) => notice.topic === 'run').at(-1);
    expect(last).toMatchObject({
      run: { id, state: 'finished', step: 40, methodTitle: 'T', model: 'tiny', data: 'text.txt' },
    });
    expect(told.some((notice) => notice.topic === 'queue' && notice.queue.running === id)).toBe(true);
    const kinds = services.store.events.list(id).map(({ kind }) => kind);
    expect(kinds).toEqual(['state', 'checkpoint', 'state']);
  });

  it('pause and go on without a step twice', async () => {
    const id = await start();
    await until(() => stepsDone(id) > 5);
    services.manager.pause(id);
    expect((await services.summaries.one(id)).asked).toBe('pause');
    await ended(id, 'paused');
    engine.resumeFrom = stepsDone(id);
    services.manager.resume(id);
    await ended(id, 'finished');
    expect(services.store.metrics.series(id, 'loss')).toHaveLength(40);
    expect(services.store.metrics.last(id, 'tokens')).toBe(4000);
    expect(() => services.manager.resume(id)).toThrow('is finished');
  });

  it('write a checkpoint when asked, and go on', async () => {
    const id = await start({ training: { steps: 400 } });
    await until(() => stepsDone(id) > 10);
    services.manager.checkpoint(id);
    expect((await services.summaries.one(id)).asked).toBe('checkpoint');
    await until(() => services.store.checkpoints.list(id).some(({ step }) => step > 10));
    expect((await services.summaries.one(id)).asked).toBeNull();
    await ended(id, 'finished');
  });

  it('stop with what they have, or are discarded with their folder', async () => {
    const stopped = await start({ training: { steps: 4000 } });
    await until(() => stepsDone(stopped) > 3);
    services.manager.stop(stopped);
    await ended(stopped, 'stopped');
    const discarded = await start({ training: { steps: 4000 } });
    await until(() => stepsDone(discarded) > 3);
    const { output } = services.records.find(discarded);
    expect(existsSync(output)).toBe(true);
    await services.manager.discard(discarded);
    expect(() => services.records.find(discarded)).toThrow('no run');
    expect(existsSync(output)).toBe(false);
  });

  it('stop while they are paused, with what they had learned, or on their way to a pause', async () => {
    const paused = await start({ training: { steps: 4000 } });
    await until(() => stepsDone(paused) > 10);
    services.manager.pause(paused);
    await ended(paused, 'paused');
    expect(() => services.manager.stop(paused)).toThrow('has no checkpoint');
    await keepCheckpoint(paused, 10);
    engine.resumeFrom = 10;
    services.queue.hold(true);
    services.manager.stop(paused);
    expect(await services.summaries.one(paused)).toMatchObject({ state: 'queued', asked: 'stop' });
    services.manager.pause(paused);
    expect(await services.summaries.one(paused)).toMatchObject({ state: 'paused', asked: null });
    services.queue.hold(false);
    services.manager.stop(paused);
    await ended(paused, 'stopped');
    expect(stepsDone(paused)).toBe(10);
    expect(() => services.manager.stop(paused)).toThrow('is stopped');

    engine.resumeFrom = 5;
    const pausing = await start({ training: { steps: 4000 } });
    await until(() => stepsDone(pausing) > 5);
    await keepCheckpoint(pausing, 5);
    services.manager.pause(pausing);
    services.manager.stop(pausing);
    await ended(pausing, 'stopped');
  });

  it('are paused or discarded at once while their data are made ready, and can begin anew', async () => {
    writeFileSync(path.join(folder, 'long.txt'), words(300_000));
    const long = { data: { train: path.join(folder, 'long.txt'), sequenceLength: 16 } };
    const paused = await start(long);
    await until(() =>
      told.some((notice) => notice.topic === 'run' && notice.run.preparing?.title?.startsWith('Making')),
    );
    expect(told).toContainEqual({
      topic: 'task',
      task: expect.objectContaining({ id: `prepare ${paused}` }) as object,
    });
    services.manager.stop(paused);
    await ended(paused, 'paused');
    expect(engine.jobs.some(({ kind }) => kind === 'train')).toBe(false);
    expect(services.records.find(paused)).toMatchObject({ error: null, dataHash: '' });
    services.manager.resume(paused);
    await ended(paused, 'finished');

    const cancelled = await start({ ...long, data: { ...long.data, sequenceLength: 32 } });
    app.tasks.cancel(`prepare ${cancelled}`);
    await ended(cancelled, 'paused');
    services.manager.resume(cancelled);
    await services.manager.discard(cancelled);
    expect(() => services.records.find(cancelled)).toThrow('no run');
  });

  it('are refused where they do not fit, with what would help', async () => {
    engine.plan = {
      ...engine.plan,
      fits: false,
      planBytes: 4000,
      suggestions: [{ change: 'rank 8 → 4', savesBytes: 2048 }],
    };
    await expect(start()).rejects.toMatchObject({ code: 'E_BUDGET', hint: 'rank 8 → 4 saves 2.0 KiB.' });
    expect(services.records.list()).toEqual([]);
  });

  it('are interrupted when the engine dies, say why, and can go on', async () => {
    engine.failAt = 5;
    engine.failure = new RankwiseError('E_ENGINE_DIED', 'The engine ended.', 'Resume the run.');
    const id = await start();
    await ended(id, 'interrupted');
    expect(services.records.find(id).error).toMatchObject({ code: 'E_ENGINE_DIED' });
    engine.failAt = -1;
    engine.resumeFrom = 2;
    services.manager.resume(id);
    await ended(id, 'finished');
    expect(services.store.metrics.series(id, 'loss')).toHaveLength(40);
    expect(services.records.find(id).error).toBeNull();
  });

  it('fail with their words when their data are gone, and the next one begins', async () => {
    services.queue.hold(true);
    const lost = await start();
    const other = await start({
      model: { preset: 'tiny' },
      data: { train: path.join(folder, 'text.txt'), sequenceLength: 8 },
    });
    const record = services.records.find(lost);
    const config = { ...record.config, data: { ...record.config.data, train: path.join(folder, 'gone.txt') } };
    services.store.runs.update(lost, { config });
    services.queue.hold(false);
    await ended(lost, 'failed');
    await ended(other, 'finished');
    expect(services.records.find(lost).error?.message).toContain('gone.txt');
  });

  it('wait where the queue is held and can be arranged', async () => {
    services.queue.hold(true);
    const [a, b, c] = [await start(), await start(), await start()];
    expect(services.queue.get()).toMatchObject({ running: null, waiting: [a, b, c], waitsFor: 'The queue is held.' });
    expect(services.queue.move(c, 0).waiting).toEqual([c, a, b]);
    services.manager.pause(a);
    expect(stateOf(a)).toBe('paused');
    services.manager.remove([b], true);
    services.queue.hold(false);
    await ended(c, 'finished');
    expect(stateOf(a)).toBe('paused');
    services.manager.resume(a);
    await ended(a, 'finished');
  });

  it('repeat a record and say whether the bits are the same', async () => {
    const id = await start();
    await ended(id, 'finished');
    const again = services.launcher.reproduce(id);
    await ended(again, 'finished');
    const verdict = services.store.events.list(again, ['reproduction'])[0];
    expect(verdict?.body).toMatchObject({ same: true });
    expect(await services.summaries.one(again)).toMatchObject({ reproduces: id, name: 'whale, again' });
  });

  it('repeat and go on from a run whose name is as long as a name may be', async () => {
    const name = `${'w'.repeat(111)}😀${'w'.repeat(7)}`;
    const id = await start({ name });
    await ended(id, 'finished');
    await keepCheckpoint(id, 20);
    expect(services.launcher.fork(id, null).name).toBe(`${'w'.repeat(105)}…, from step 20`);
    const again = services.launcher.reproduce(id);
    await ended(again, 'finished');
    expect(services.records.find(again).name).toBe(`${'w'.repeat(111)}…, again`);
  });

  it('are paused when the program closes, and keep their place when they wait', async () => {
    const id = await start({ training: { steps: 100_000 } });
    const waiting = await start();
    await until(() => stepsDone(id) > 3);
    await app.close();
    app = createApp(resolvePaths({ RANKWISE_HOME: path.join(folder, 'home') }), { engine });
    services = await app.open();
    expect([stateOf(id), stateOf(waiting)]).toEqual(['paused', 'queued']);
  });

  it('are interrupted where an earlier program of the same number trained them', async () => {
    const id = await start();
    await ended(id, 'finished');
    services.store.runs.update(id, { state: 'running', process: process.pid });
    services.manager.wake();
    expect(services.records.find(id)).toMatchObject({ state: 'interrupted', error: { code: 'E_INTERRUPTED' } });
  });

  it('are paused when the window closes and go on when it opens', async () => {
    let now = new Date(2026, 0, 1, 23, 0);
    const { store, runs, records, summaries, notices } = services;
    await services.manager.close();
    const gate = new QueueGate(store.queue, folder, { now: () => now });
    const manager = new RunManager({ store, runs, records, summaries, notices, gate });
    store.queue.setRules({ window: { from: 22 * 60, to: 7 * 60 }, pauseOutside: true });
    manager.wake();
    const id = await start({ training: { steps: 4000 } });
    manager.look();
    await until(() => stepsDone(id) > 5);
    now = new Date(2026, 0, 2, 7, 0);
    manager.look();
    await until(() => manager.training === null);
    expect(stateOf(id)).toBe('queued');
    engine.resumeFrom = stepsDone(id);
    now = new Date(2026, 0, 2, 22, 0);
    manager.look();
    await until(() => stepsDone(id) > engine.resumeFrom);
    manager.stop(id);
    await until(() => stateOf(id) === 'stopped');
    await manager.close();
  });

  it('are not removed while they train', async () => {
    const id = await start({ training: { steps: 100_000 } });
    expect(() => services.manager.remove([id], true)).toThrow('being trained');
    expect(() => services.projects.remove(project, true)).toThrow('being trained');
  });
});

describe('projects', () => {
  it('know their best run, their runs and their disk', async () => {
    const id = await start();
    await ended(id, 'finished');
    const [found] = await services.projects.list();
    expect(found).toMatchObject({ id: project, name: 'Whales', runs: 1, active: 0, best: { run: id, loss: 5 / 40 } });
    expect(found!.diskBytes).toBeGreaterThan(0);
    expect(found!.best!.spark.length).toBeGreaterThan(10);
    await expect(services.projects.create('Whales')).rejects.toMatchObject({ code: 'E_NAME' });
    expect((await services.projects.rename(project, 'Sea')).name).toBe('Sea');
    services.projects.remove(project, true);
    expect(services.records.list()).toEqual([]);
    expect(existsSync(path.join(folder, 'home', 'runs', project))).toBe(false);
  });
});

describe('the gate of the queue', () => {
  it.each([
    [{ from: 22 * 60, to: 7 * 60 }, 23 * 60, true],
    [{ from: 22 * 60, to: 7 * 60 }, 6 * 60, true],
    [{ from: 22 * 60, to: 7 * 60 }, 12 * 60, false],
    [{ from: 60, to: 120 }, 120, false],
    [{ from: 60, to: 60 }, 5, true],
    [null, 5, true],
  ])('with the window %o is open at minute %i: %s', (window, minute, open) => {
    expect(isWithin(window, minute)).toBe(open);
  });

  it('says what it waits for', async () => {
    const gate = new QueueGate(services.store.queue, folder, {
      now: () => new Date(2026, 0, 1, 12, 0),
      freeBytes: () => 10,
    });
    const run = { name: 'r', config: { training: { checkpointEvery: 1, keepCheckpoints: 1 } }, plan: engine.plan };
    const asked = run as unknown as Parameters<QueueGate['reason']>[0];
    expect(gate.reason(asked)).toContain('10 bytes are free');
    services.store.queue.setRules({ window: { from: 22 * 60, to: 7 * 60 }, pauseOutside: true });
    expect(gate.reason(asked)).toBe('Runs begin between 22:00 and 07:00.');
    expect(gate.mustPause()).toBe(true);
  });
});

describe('time left', () => {
  it('is told when there are enough steps, with its uncertainty', () => {
    const steady = new TimeLeft();
    for (let step = 0; step < 5; step++) steady.step(step);
    expect(steady.estimate(10)).toBeNull();
    steady.step(5);
    expect(steady.estimate(10)).toEqual({ seconds: 10, plusMinus: 0 });
    const uneven = new TimeLeft();
    let now = 0;
    for (let step = 0; step <= 50; step++) uneven.step((now += step % 2 === 0 ? 0.5 : 1.5));
    const estimate = uneven.estimate(100)!;
    expect(estimate.seconds).toBeCloseTo(100, 5);
    expect(estimate.plusMinus).toBeGreaterThan(10);
    expect(estimate.plusMinus).toBeLessThan(30);
  });
});
