import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Page } from 'playwright-core';
import type { RunDetails } from '../../preload/contract/runs.ts';
import { call } from './calls.ts';
import { openBrowser, type OpenApp } from './doors.ts';
import { shoot, violations, violationsInBothThemes } from './looks.ts';
import { engineOf } from './processes.ts';

/** A run of the sample is this long: enough for an evaluation, a merge and a checkpoint. */
const STEPS = 60;
const TRAINED = 240_000;

let app: OpenApp;
let page: Page;
/** The sample's two runs, in the order in which they train. */
let sample: string[];

async function get(id: string): Promise<RunDetails> {
  const answer = await call(page, 'runs', 'get', { id });
  if (!answer.ok) throw new Error(answer.error.message);
  return answer.value;
}

const reach = (id: string, there: (run: RunDetails) => boolean): Promise<void> =>
  expect.poll(async () => there(await get(id)), { timeout: TRAINED, interval: 100 }).toBe(true);

/** Starts the sample's first run once more, shorter. */
async function startShort(name: string): Promise<string> {
  const { config, project } = await get(sample[0]!);
  const { output: _, from: __, ...settings } = config;
  const training = { ...settings.training, steps: STEPS, evalEvery: 20, checkpointEvery: 20 };
  const answer = await call(page, 'runs', 'start', { draft: { ...settings, name, training }, project, first: false });
  if (!answer.ok) throw new Error(answer.error.message);
  return answer.value.id;
}

async function open(hash: string): Promise<void> {
  await page.evaluate(
    (to) => void ((globalThis as unknown as { location: { hash: string } }).location.hash = to),
    hash,
  );
}

const button = (name: string | RegExp) => page.getByRole('button', { name, exact: typeof name === 'string' });

beforeAll(async () => {
  app = await openBrowser();
  page = app.page;
});
afterAll(() => app.close());

describe('the sample, watched and compared', () => {
  it('is followed on its page while it trains', async () => {
    await button('Train the sample').click();
    await page.getByRole('link', { name: 'LoQT, 4-bit weights' }).first().click();
    await page.getByRole('heading', { level: 1, name: /LoQT, 4-bit weights/ }).waitFor();
    await page.getByRole('img', { name: /^Loss\. Training loss fell from \d/ }).waitFor({ timeout: TRAINED });
    await page.getByText(/still to come/).waitFor();
    expect(await violationsInBothThemes(page)).toEqual([]);
    await shoot(page, 'run-live');
    const answer = await call(page, 'runs', 'list', { project: null });
    sample = answer.ok ? answer.value.sort((a, b) => b.step - a.step).map(({ id }) => id) : [];
    expect(sample).toHaveLength(2);
  });

  it('tells what its method does to each layer', async () => {
    await page.getByRole('img', { name: /^Quantization error by layer\. At step/ }).waitFor({ timeout: TRAINED });
    await button('Show as a table').last().click();
    await page.getByRole('rowheader', { name: '0 · q_proj' }).waitFor();
    await button('Show as a chart').last().click();
  });

  it('says what it left', async () => {
    await reach(sample[0]!, ({ state }) => state === 'finished');
    await page.getByRole('heading', { name: 'What it left' }).waitFor();
    await page.getByRole('tab', { name: /Samples/ }).click();
    expect(await page.getByText('Step 300').count()).toBeGreaterThan(0);
    await page.getByRole('tab', { name: /Log/ }).click();
    await page.getByText('The run is finished.').waitFor();
    await page.getByRole('tab', { name: /Settings/ }).click();
    expect(await violationsInBothThemes(page)).toEqual([]);
    await shoot(page, 'run-finished');
  });

  it('is chosen in the list of runs by keyboard and compared', async () => {
    await reach(sample[1]!, ({ state }) => state === 'finished');
    await open('#/runs');
    await page.getByRole('row', { name: /LoRA/ }).focus();
    await page.keyboard.press('Home');
    await page.keyboard.press('Space');
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('Space');
    await page.getByRole('toolbar', { name: 'What is chosen' }).getByText('2 chosen').waitFor();
    expect(await violationsInBothThemes(page)).toEqual([]);
    await shoot(page, 'runs');
    await page.keyboard.press('c');
    await page.getByRole('heading', { level: 1, name: 'Comparison' }).waitFor();
    await page.getByRole('img', { name: /^Training loss\. .+ ends lowest at \d.+ highest at \d/ }).waitFor();
    await page.getByRole('img', { name: /^Difference to / }).waitFor();
  });

  it('answers the same prompts, words that differ marked', async () => {
    const prompts = page.getByRole('textbox', { name: 'Prompts' });
    await expect.poll(() => prompts.inputValue()).toContain('The great whale');
    await page.getByRole('spinbutton', { name: 'Tokens at most' }).fill('16');
    await button('Ask all 2 runs').click();
    await page
      .getByText(/of the words differ/)
      .first()
      .waitFor({ timeout: TRAINED });
    expect(await page.locator('mark').count()).toBeGreaterThan(0);
    expect(await violationsInBothThemes(page)).toEqual([]);
    await shoot(page, 'compare');
  });

  it('is shared as one page that needs nothing else', async () => {
    const [download] = await Promise.all([page.waitForEvent('download'), button('Share as a page').click()]);
    const html = readFileSync(await download.path(), 'utf8');
    expect(download.suggestedFilename()).toMatch(/^comparison-.+\.html$/);
    expect(html).toContain('The great whale');
    expect(html).toContain('<svg');
    expect(html).not.toMatch(/<script|https?:\/\/(?!www\.w3\.org)/);
  });

  it('is looked at as cards and as a tree, found by a word, without a violation', async () => {
    for (const look of ['Cards', 'Tree']) {
      await open('#/runs');
      await page.getByRole('radio', { name: look }).click();
      await page.getByRole('link', { name: 'LoRA', exact: true }).waitFor();
      expect(await violationsInBothThemes(page)).toEqual([]);
    }
    await page.keyboard.press('/');
    await page.keyboard.type('4-bit');
    await page.getByText('1 of 2 runs').first().waitFor();
    expect(await page.getByRole('link', { name: 'LoRA', exact: true }).count()).toBe(0);
  });
});

describe('a run that was paused, lost its engine and went on', () => {
  it('ends with the same bits as one that nobody disturbed', async () => {
    const calm = await startShort('Undisturbed');
    await reach(calm, ({ state }) => state === 'finished');
    const run = await startShort('Disturbed');
    await open(`#/runs/${run}`);
    await page.getByRole('heading', { level: 1, name: /Disturbed/ }).waitFor();
    await reach(run, ({ step }) => step >= 5);
    await button('Pause').click();
    await button('Resume').waitFor();
    expect((await get(run)).state).toBe('paused');
    const { step: paused } = await get(run);
    await button('Resume').click();
    await reach(run, ({ state, step }) => state === 'running' && step > paused);
    process.kill(engineOf(app.pid)!, 'SIGKILL');
    await page.getByText('E_ENGINE_DIED').waitFor();
    expect((await get(run)).state).toBe('interrupted');
    expect(await violationsInBothThemes(page)).toEqual([]);
    await shoot(page, 'run-interrupted');
    await page.getByRole('alert').getByRole('button', { name: 'Resume' }).click();
    await reach(run, ({ state }) => state === 'finished');
    const [one, other] = [await get(calm), await get(run)];
    expect(other.parameterHash).toBeTruthy();
    expect(other.parameterHash).toBe(one.parameterHash);
  });
});

describe('what would be lost', () => {
  it('is named before a run is deleted', async () => {
    await open('#/runs');
    await page.getByRole('row', { name: /Undisturbed/ }).focus();
    await page.keyboard.press('Space');
    await page.keyboard.press('Delete');
    const question = page.getByRole('alertdialog', { name: 'Delete “Undisturbed”?' });
    await question.getByText(`Undisturbed: ${STEPS} of ${STEPS} steps`).waitFor();
    expect(await violations(page)).toEqual([]);
    await question.getByRole('button', { name: 'Delete run' }).click();
    await page.getByText('“Undisturbed” was deleted.').first().waitFor();
    await expect.poll(() => page.getByRole('row', { name: /Undisturbed/ }).count()).toBe(0);
  });
});
