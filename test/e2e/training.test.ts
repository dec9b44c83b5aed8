import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { Result } from '../../preload/contract/api.ts';
import type { RunSummary } from '../../preload/contract/runs.ts';
import { call, collectNotices } from './calls.ts';
import { DOORS, freshHome, openBrowser, openDesktop, stop, type DesktopApp, type OpenApp } from './doors.ts';
import { commandOf, engineOf } from './processes.ts';

/** The value of a call that must succeed. */
async function ask<T>(answer: Promise<Result<T>>): Promise<T> {
  const result = await answer;
  if (!result.ok) throw new Error(`${result.error.code}: ${result.error.message}`);
  return result.value;
}

/** Starts the sample and waits until its first run trains. */
async function train(app: OpenApp): Promise<string> {
  const { runs } = await ask(call(app.page, 'sample', 'start'));
  const [run] = runs as [string];
  await reach(app, run, ({ step }) => step > 3);
  return run;
}

const runOf = (app: OpenApp, id: string): Promise<RunSummary> => ask(call(app.page, 'runs', 'get', { id }));

const reach = (app: OpenApp, id: string, there: (run: RunSummary) => boolean): Promise<void> =>
  vi.waitFor(
    async () => {
      const run = await runOf(app, id);
      if (!there(run)) throw new Error(`The run is ${run.state} at step ${run.step}.`);
    },
    { timeout: 60_000, interval: 100 },
  );

describe.each(DOORS)('an engine that dies under the %s', (_door, open) => {
  let app: OpenApp;
  beforeAll(async () => {
    app = await open();
  });
  afterAll(() => app.close());

  it('leaves the program alive, says so, and goes on from the run’s checkpoint', async () => {
    const heard = await collectNotices(app.page, 'engine');
    const run = await train(app);
    await call(app.page, 'queue', 'hold', { held: true });
    await call(app.page, 'runs', 'checkpoint', { id: run });
    await expect
      .poll(async () => {
        const details = await call(app.page, 'runs', 'get', { id: run });
        return details.ok && details.value.checkpoints.length;
      })
      .toBeGreaterThan(0);
    process.kill(engineOf(app.pid)!, 'SIGKILL');
    await reach(app, run, ({ state }) => state === 'interrupted');
    expect(await heard()).toEqual([
      { topic: 'engine', up: false, reason: expect.stringContaining('unexpectedly') as string },
    ]);
    const { step, error } = await runOf(app, run);
    expect(error?.code).toBe('E_ENGINE_DIED');
    expect(await call(app.page, 'runs', 'resume', { id: run })).toMatchObject({ ok: true });
    await call(app.page, 'queue', 'hold', { held: false });
    await reach(app, run, (now) => now.state === 'running' && now.step > step);
    expect((await heard()).at(-1)).toEqual({ topic: 'engine', up: true, reason: '' });
  });
});

describe('closing the window while a run trains', () => {
  let app: DesktopApp;
  let run: string;
  const home = freshHome();
  beforeAll(async () => {
    app = await openDesktop({ home });
    run = await train(app);
  });
  afterAll(async () => {
    await app.close();
    rmSync(home, { recursive: true, force: true });
  });

  const closeWindow = (): Promise<void> =>
    app.electron.evaluate(({ BrowserWindow }) => BrowserWindow.getAllWindows()[0]!.close());
  const isVisible = (): Promise<boolean> =>
    app.electron.evaluate(({ BrowserWindow }) => BrowserWindow.getAllWindows()[0]!.isVisible());
  const answer = (choice: string): Promise<unknown> => call(app.page, 'system', 'close', { choice, remember: false });

  it('keeps the machine awake as long as it trains', async () => {
    expect(await app.electron.evaluate(({ powerSaveBlocker }) => powerSaveBlocker.isStarted(0))).toBe(true);
  });

  it('asks, and stays where the user wants that', async () => {
    const heard = await collectNotices(app.page, 'closing');
    await closeWindow();
    await expect.poll(heard).toEqual([{ topic: 'closing', run, name: expect.any(String) as string }]);
    await answer('stay');
    expect(await isVisible()).toBe(true);
  });

  it('goes on in the background, and is shown again by a second start', async () => {
    await closeWindow();
    await answer('background');
    await expect.poll(isVisible).toBe(false);
    const { step } = await runOf(app, run);
    await reach(app, run, (now) => now.step > step);
    await app.electron.evaluate(({ app }) => app.emit('second-instance'));
    expect(await isVisible()).toBe(true);
  });

  it('pauses the run and ends', async () => {
    const ended = new Promise((resolve) => app.electron.process().once('exit', resolve));
    await closeWindow();
    await answer('pause').catch(() => undefined);
    expect(await ended).toBe(0);
    app = await openDesktop({ home });
    expect(await runOf(app, run)).toMatchObject({ state: 'paused' });
    const details = await call(app.page, 'runs', 'get', { id: run });
    expect(details).toMatchObject({ value: { checkpoints: [{ there: true }] } });
  });
});

describe('the end of a run', () => {
  it('is told outside the window when nobody looks, and the machine may sleep again', async () => {
    const home = freshHome();
    const text = path.join(home, 'text.txt');
    writeFileSync(text, 'the whale swam and the ship sailed after it. '.repeat(200));
    const app = await openDesktop({ home });
    await app.electron.evaluate(({ BrowserWindow, dialog, Notification }, text) => {
      const world = globalThis as unknown as { told: string[] };
      world.told = [];
      Notification.prototype.show = function (this: Electron.Notification) {
        world.told.push(this.title);
      };
      dialog.showOpenDialog = async () => ({ canceled: false, filePaths: [text] });
      BrowserWindow.getAllWindows()[0]!.hide();
    }, text);
    const picked = await ask(call(app.page, 'files', 'pick', { purpose: 'data' }));
    const data = await ask(call(app.page, 'datasets', 'import', { handle: picked!.handle, task: 'import' }));
    const project = await ask(call(app.page, 'projects', 'create', { name: 'Whales' }));
    const { presets } = await ask(call(app.page, 'methods', 'registry'));
    const [smallest] = presets.toSorted((a, b) => a.hiddenSize * a.layers - b.hiddenSize * b.layers);
    const draft = {
      name: 'small',
      model: { preset: smallest!.name },
      data: { train: data.id, sequenceLength: 16 },
      method: { name: 'full' },
      training: { steps: 2, microBatch: 1 },
    };
    const run = await ask(call(app.page, 'runs', 'start', { draft, project: project.id, first: false }));
    await reach(app, run.id, ({ state }) => state === 'finished');
    const told = (): Promise<string[]> =>
      app.electron.evaluate(() => (globalThis as unknown as { told: string[] }).told);
    // The record says so a moment before it is told.
    await expect.poll(told, { timeout: 20_000 }).toEqual(['small is finished']);
    const awake = (): Promise<boolean> =>
      app.electron.evaluate(({ powerSaveBlocker }) => powerSaveBlocker.isStarted(0));
    await expect.poll(awake).toBe(false);
    await app.close();
    rmSync(home, { recursive: true, force: true });
  });
});

describe('a program that is killed while a run trains', () => {
  it('takes its engine along, and finds the run interrupted when it is started again', async () => {
    const home = freshHome();
    const app = await openBrowser({ home });
    const run = await train(app);
    const engine = engineOf(app.pid)!;
    process.kill(app.pid, 'SIGKILL');
    await vi.waitFor(() => expect(commandOf(engine)).toBe(''));
    await app.close();
    const again = await openBrowser({ home });
    expect((await runOf(again, run)).state).toBe('interrupted');
    await again.close();
    rmSync(home, { recursive: true, force: true });
  });
});

describe('Ctrl-C while a run of the served screens trains', () => {
  it('pauses it', async () => {
    const home = freshHome();
    const app = await openBrowser({ home });
    const run = await train(app);
    expect(await stop(app.server)).toBe(0);
    await app.close();
    const again = await openBrowser({ home });
    expect(await runOf(again, run)).toMatchObject({ state: 'paused' });
    await again.close();
    rmSync(home, { recursive: true, force: true });
  });
});
