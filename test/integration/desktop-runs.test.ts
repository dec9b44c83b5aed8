import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createApp, type App, type Services } from '../../main/app.ts';
import { bundledTexts, resolvePaths } from '../../main/paths.ts';
import { SAMPLE_METHODS, SAMPLE_MODEL, sampleRunFile } from '../../main/services/sample-runs.ts';
import { unpackTexts } from '../../main/services/sample-texts.ts';
import type { RunState } from '../../preload/contract/runs.ts';

const STEPS = 12;

let folder: string;
let app: App;
let services: Services;
let project: string;
let model: string;
let text: string;

beforeAll(async () => {
  folder = mkdtempSync(path.join(tmpdir(), 'rankwise-runs-'));
  app = createApp(resolvePaths({ ...process.env, RANKWISE_HOME: path.join(folder, 'home') }));
  services = await app.open();
  services.manager.wake();
  project = (await services.projects.create('Whales')).id;
  model = path.join(folder, 'blank');
  mkdirSync(model);
  writeFileSync(
    path.join(model, 'config.json'),
    JSON.stringify({ ...SAMPLE_MODEL, hidden_size: 64, intermediate_size: 96 }),
  );
  text = unpackTexts(bundledTexts, path.join(folder, 'texts')).novel;
});
afterAll(async () => {
  await app.close();
  rmSync(folder, { recursive: true, force: true });
});

const draft = (sample = SAMPLE_METHODS.loqt, training: object = {}) => {
  const file = sampleRunFile(sample, model, text, STEPS);
  return {
    ...file,
    name: sample.label,
    training: { ...file.training, microBatch: 4, checkpointEvery: 4, ...training },
  };
};

async function ended(id: string): Promise<RunState> {
  for (;;) {
    await new Promise((resolve) => setTimeout(resolve, 20));
    const { state, error } = services.records.find(id);
    if (state === 'failed') throw new Error(JSON.stringify(error));
    // On the way from a pause to a stop, the run may be seen paused for a moment.
    if (state !== 'running' && state !== 'queued' && services.manager.training !== id) return state;
  }
}

const train = async (file: Record<string, unknown>): Promise<string> => {
  const id = await services.launcher.start(file, project, false);
  expect(await ended(id)).toBe('finished');
  return id;
};

describe('runs of the desktop on the real engine', () => {
  it('that were paused and went on end with the bits of one that was not disturbed', async () => {
    const id = await services.launcher.start(draft(), project, false);
    while (services.store.metrics.lastStep(id, 'loss') < 2) await new Promise((resolve) => setTimeout(resolve, 5));
    services.manager.pause(id);
    expect(await ended(id)).toBe('paused');
    expect(services.store.metrics.lastStep(id, 'loss')).toBeLessThan(STEPS - 1);
    services.manager.resume(id);
    expect(await ended(id)).toBe('finished');
    expect(services.store.metrics.series(id, 'loss').map(({ step }) => step)).toEqual([...Array(STEPS).keys()]);
    const again = services.launcher.reproduce(id);
    expect(await ended(again)).toBe('finished');
    expect(services.store.events.list(again, ['reproduction'])[0]?.body).toMatchObject({ same: true });
    const [first, second] = await Promise.all([services.details.get(id), services.details.get(again)]);
    expect(second.parameterHash).toBe(first.parameterHash);
    expect(second.loss).toBe(first.loss);
  });

  it('that were paused are stopped with what their checkpoint holds, also on their way to the pause', async () => {
    const lastOf = (id: string) => services.store.checkpoints.list(id).at(-1);
    const id = await services.launcher.start(draft(SAMPLE_METHODS.full), project, false);
    while (services.store.metrics.lastStep(id, 'loss') < 2) await new Promise((resolve) => setTimeout(resolve, 5));
    services.manager.pause(id);
    expect(await ended(id)).toBe('paused');
    const { step } = lastOf(id)!;
    services.manager.stop(id);
    expect(await ended(id)).toBe('stopped');
    const stopped = await services.details.get(id);
    expect(stopped).toMatchObject({ step, savedModel: id, result: { stoppedEarly: true, steps: step } });

    const other = await services.launcher.start(draft(SAMPLE_METHODS.full), project, false);
    while (services.store.metrics.lastStep(other, 'loss') < 2) await new Promise((resolve) => setTimeout(resolve, 5));
    services.manager.pause(other);
    services.manager.stop(other);
    expect(await ended(other)).toBe('stopped');
    expect((await services.details.get(other)).savedModel).toBe(other);
  });

  it('fork from a checkpoint with other settings', async () => {
    const parent = await train(draft(SAMPLE_METHODS.full));
    const fork = services.launcher.fork(parent, 8);
    const id = await train({ ...fork, optimizer: { ...(fork.optimizer as object), learningRate: 1e-3 } });
    const details = await services.details.get(id);
    expect(details).toMatchObject({ parent: { run: parent, step: 8 }, step: STEPS });
    expect(services.store.metrics.series(id, 'loss')[0]?.step).toBe(8);
    // Tokens and time go on from the parent's, as steps do.
    const tokensAt = (run: string, at: number) =>
      services.store.metrics.series(run, 'tokens').find(({ step }) => step === at)?.value;
    expect(tokensAt(id, STEPS - 1)).toBe(tokensAt(parent, STEPS - 1));
    expect(details.seconds).toBeGreaterThan(services.store.metrics.last(parent, 'seconds', 8)!);
    expect((await services.details.get(parent)).children).toEqual([{ run: id, name: details.name, step: 8 }]);
    // The same weights, data and step: only the rate of what follows is another one.
    const lossOf = (run: string) => services.store.metrics.series(run, 'loss').find(({ step }) => step === 8)?.value;
    expect(lossOf(id)).toBe(lossOf(parent));
    expect(details.parameterHash).not.toBe((await services.summaries.one(parent)).parameterHash);
  });

  it('compare, answer the same prompts, and are shared as one page', async () => {
    const base = await train(draft(SAMPLE_METHODS.full));
    const { output } = services.records.find(base);
    const file = { ...draft(), initialize: undefined, model: { path: path.join(output, 'model') } };
    const adapted = await train({ ...file, method: { name: 'lora', rank: 4 }, name: 'fine <tuned>' });
    const comparison = await services.comparison.compare([base, adapted]);
    expect(comparison.settings.find(({ setting }) => setting === 'method.name')).toEqual({
      setting: 'method.name',
      values: ['full', 'lora'],
      differs: true,
    });
    expect(comparison.adapterNorms[0]).toBeNull();
    expect(comparison.adapterNorms[1]!.length).toBeGreaterThan(4);
    expect(comparison.adapterNorms[1]!.every(({ norm }) => norm > 0)).toBe(true);
    expect((await services.summaries.one(adapted)).parent).toEqual({ run: base, step: null });
    expect((await services.summaries.one(adapted)).model).toBe('full training');

    const request = {
      ids: [base, adapted],
      prompts: ['The whale'],
      maxTokens: 12,
      temperature: 0.8,
      seed: 1,
      task: 't',
    };
    const answered = await services.answers.ask(request);
    expect(answered[0]!.answers.map(({ error }) => error)).toEqual([null, null]);
    expect(await services.answers.ask({ ...request, task: 'u' })).toEqual(answered);

    const { name, html } = await services.share.share([base, adapted], base, answered);
    expect(name).toMatch(/^comparison-.*\.html$/);
    expect(html).toContain('fine &lt;tuned&gt;');
    expect(html).toContain('full training (baseline)');
    expect(html).not.toContain(folder);
    expect(html).not.toMatch(/<script|https?:|src=|@import|url\(/);
    const report = await services.report.report(adapted);
    expect(report).not.toContain(folder);
    expect(report).toContain(`"rank": 4`);
  });

  it('are solved for a budget by the planner itself', async () => {
    const { plan } = await services.launcher.plan(draft());
    const options = await services.launcher.solve(draft(), Math.floor(plan.planBytes * 0.8));
    const best = options.find(({ recommended }) => recommended)!;
    expect(best.changes.length).toBeGreaterThan(0);
    const again = await services.launcher.plan({ ...best.file });
    expect(again.plan).toMatchObject({ planBytes: best.planBytes, fits: true });
  });
});
