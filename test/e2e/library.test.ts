import { readdirSync, rmSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import type { Page } from 'playwright-core';
import type { Result } from '../../preload/contract/api.ts';
import type { RunDetails } from '../../preload/contract/runs.ts';
import { call } from './calls.ts';
import { DOORS, freshHome, openBrowser, type OpenApp } from './doors.ts';
import { shoot, violations, violationsInBothThemes } from './looks.ts';

/** The value of a call that must succeed. */
async function ask<T>(answer: Promise<Result<T>>): Promise<T> {
  const result = await answer;
  if (!result.ok) throw new Error(`${result.error.code}: ${result.error.message}`);
  return result.value;
}

async function open(page: Page, hash: string): Promise<void> {
  await page.evaluate(
    (to) => void ((globalThis as unknown as { location: { hash: string } }).location.hash = to),
    hash,
  );
}

const reach = (page: Page, id: string, there: (run: RunDetails) => boolean): Promise<RunDetails> =>
  vi.waitFor(
    async () => {
      const run = await ask(call(page, 'runs', 'get', { id }));
      if (!there(run)) throw new Error(`The run is ${run.state} at step ${run.step}.`);
      return run;
    },
    { timeout: 120_000, interval: 100 },
  );

/** A model of the sample, stopped early, and an adapter trained on it in a few steps. @returns the adapter's id */
async function trainAdapter(page: Page): Promise<string> {
  const { project, runs } = await ask(call(page, 'sample', 'start'));
  const [first, second] = runs as [string, string];
  await reach(page, first, ({ step }) => step > 10);
  await call(page, 'queue', 'hold', { held: true });
  await ask(call(page, 'runs', 'stop', { id: first }));
  const { config } = await reach(page, first, ({ state }) => state === 'stopped');
  await ask(call(page, 'runs', 'discard', { id: second }));
  await ask(call(page, 'queue', 'hold', { held: false }));
  const draft = {
    name: 'Whale voice',
    model: { id: first },
    data: { train: config.data.train, sequenceLength: 64 },
    method: { name: 'lora', rank: 4 },
    training: { steps: 6, microBatch: 2 },
  };
  const { id } = await ask(call(page, 'runs', 'start', { draft, project, first: false }));
  const { savedAdapter } = await reach(page, id, ({ state }) => state === 'finished' || state === 'failed');
  return savedAdapter!;
}

describe.each(DOORS)('an adapter (%s)', (door, openApp) => {
  let app: OpenApp;
  let page: Page;
  beforeAll(async () => {
    app = await openApp();
    page = app.page;
    await trainAdapter(page);
  });
  afterAll(() => app.close());

  it('lies in the library with where it comes from and what it changes', async () => {
    await open(page, '#/adapters');
    await page.getByRole('row', { name: /Whale voice/ }).waitFor();
    await page.getByRole('link', { name: 'Whale voice' }).click();
    await page.getByRole('img', { name: /28 layers: most in block \d, \w+_proj \(/ }).waitFor();
    await page.getByRole('button', { name: 'Show as a table' }).click();
    expect(await page.getByRole('table', { name: 'How much it changes each layer' }).getByRole('row').count()).toBe(29);
  });

  it('is baked into a model that agrees with it, and answers in the playground', async () => {
    await page.getByRole('button', { name: 'Bake', exact: true }).click();
    const dialog = page.getByRole('dialog', { name: 'Bake “Whale voice” into a model' });
    await dialog.getByRole('textbox', { name: 'Name of the new model' }).fill('Whale, baked');
    await dialog.getByRole('radio', { name: /32 bits/ }).click();
    expect(await violations(page)).toEqual([]);
    await dialog.getByRole('button', { name: /^Bake it, about/ }).click();
    await dialog.getByText('“Whale, baked” is in the library').waitFor({ timeout: 60_000 });
    const models = await ask(call(page, 'models', 'list'));
    const baked = models.find(({ name }) => name === 'Whale, baked')!;
    const { baked: made } = await ask(call(page, 'models', 'card', { id: baked.id }));
    // 32 bits lose nothing but the order of a sum.
    expect(made!.receipt.agreement).toBeGreaterThan(0.99);
    expect(made!.receipt.maxDifference).toBeLessThan(1e-3);
    expect(await violations(page)).toEqual([]);
    await dialog.getByRole('button', { name: 'Try in the playground' }).click();
    await page.getByRole('heading', { level: 1, name: 'Playground' }).waitFor();
    await page.getByRole('textbox', { name: 'Prompt' }).fill('The whale');
    await page.keyboard.press('Control+Enter');
    await page.getByText(/^\d+ tokens in /).waitFor({ timeout: 60_000 });
    expect(await page.getByRole('group', { name: 'Answer, Pane 1' }).innerText()).not.toBe('');
  });

  it('is heard beside its base: same seed, its own words, strength at once', async () => {
    const [adapter] = await ask(call(page, 'adapters', 'list'));
    await open(page, `#/playground?adapter=${adapter!.id}`);
    await page.getByRole('region', { name: 'Pane 2' }).waitFor();
    await page.getByRole('textbox', { name: 'Prompt' }).fill('The whale');
    await page.getByRole('button', { name: 'Generate' }).click();
    const answer = (n: number) => page.getByRole('group', { name: `Answer, Pane ${n}` });
    const done = (): Promise<number> => page.getByText(/^\d+ tokens in /).count();
    await expect.poll(done, { timeout: 60_000 }).toBe(2);
    // Without strength the adapter says what its base says.
    await page.getByRole('slider', { name: 'Strength of the adapter in pane 2' }).focus();
    await page.keyboard.press('Home');
    await expect
      .poll(async () => (await answer(2).innerText()) === (await answer(1).innerText()), { timeout: 60_000 })
      .toBe(true);
    await answer(2).focus();
    await page.keyboard.press('ArrowRight');
    await page.getByText(/ likely$/).waitFor();
    expect(await page.getByRole('table', { name: 'The likeliest tokens in its place' }).getByRole('row').count()).toBe(
      5,
    );
    expect(await violations(page)).toEqual([]);
    await shoot(page, `playground-${door}`);
  });

  it('cannot be put on a model that it was not made for', async () => {
    await page.getByRole('combobox', { name: 'Model of pane 1' }).click();
    await page.getByRole('option', { name: /Whale, baked/ }).click();
    await page.getByRole('combobox', { name: 'Adapter of pane 1' }).click();
    const option = page.getByRole('option', { name: /Whale voice.*made for/ });
    await option.waitFor();
    expect(await option.getAttribute('aria-disabled')).toBe('true');
    await option.click({ force: true });
    expect(await page.getByRole('combobox', { name: 'Adapter of pane 1' }).inputValue()).toBe('No adapter');
    await page.keyboard.press('Escape');
  });
});

describe('the library of a home whose database was deleted', () => {
  const home = freshHome();
  afterAll(() => rmSync(home, { recursive: true, force: true }));

  it('is rebuilt from the files at the next start', async () => {
    const before = await openBrowser({ home });
    await trainAdapter(before.page);
    await before.close();
    for (const file of readdirSync(home).filter((name) => name.startsWith('rankwise.db')))
      rmSync(path.join(home, file));
    const after = await openBrowser({ home });
    try {
      await open(after.page, '#/adapters');
      await after.page.getByRole('link', { name: 'Whale voice' }).waitFor();
      const runs = await ask(call(after.page, 'runs', 'list', { project: null }));
      expect(runs.map(({ state }) => state).sort()).toEqual(['finished', 'stopped']);
      await open(after.page, '#/settings?part=storage');
      await after.page.getByText(/records were missing/).waitFor();
    } finally {
      await after.close();
    }
  });
});

describe('every screen', () => {
  const home = freshHome();
  let app: OpenApp;
  beforeAll(async () => {
    app = await openBrowser({ home });
  });
  afterAll(async () => {
    await app.close();
    rmSync(home, { recursive: true, force: true });
  });

  const SCREENS = [
    'data',
    'models',
    'new-run',
    'runs',
    'compare',
    'adapters',
    'playground',
    'queue',
    'settings?part=hardware',
    'settings?part=storage',
    'settings?part=preferences',
    'settings?part=about',
  ];
  it.each(SCREENS)('has nothing that axe finds wrong before there is anything: %s', async (screen) => {
    await open(app.page, `#/${screen}`);
    await app.page.getByRole('heading', { level: 1 }).waitFor();
    expect(await violationsInBothThemes(app.page)).toEqual([]);
  });

  it('keeps what was set, over a new start', async () => {
    const { page } = app;
    await open(page, '#/settings?part=preferences');
    await page.getByRole('radio', { name: 'Dark' }).click();
    await page.getByRole('switch', { name: /Keep the machine awake/ }).click();
    await expect.poll(async () => (await ask(call(page, 'system', 'settings'))).keepAwake).toBe(false);
    await app.close();
    app = await openBrowser({ home });
    const settings = await ask(call(app.page, 'system', 'settings'));
    expect(settings).toMatchObject({ theme: 'dark', keepAwake: false });
    await open(app.page, '#/settings?part=preferences');
    const awake = app.page.getByRole('switch', { name: /Keep the machine awake/ });
    await awake.waitFor();
    expect(await awake.getAttribute('aria-checked')).toBe('false');
    expect(await app.page.evaluate(() => document.documentElement.dataset['theme'])).toBe('dark');
  });
});
