import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Page } from 'playwright-core';
import type { RunDetails, RunSummary } from '../../preload/contract/runs.ts';
import { call } from './calls.ts';
import { DOORS, openBrowser, type OpenApp } from './doors.ts';
import { tabTo } from './keyboard.ts';
import { drop } from './dropping.ts';
import { shoot, violationsInBothThemes } from './looks.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'rankwise-data-'));
const file = path.join(folder, 'tickets.jsonl');
const rows = Array.from({ length: 200 }, (_, i) => ({
  instruction: `Where is order ${i}?`,
  response: `Order ${i} left our warehouse on day ${i % 30} and is on its way.`,
}));
writeFileSync(file, rows.map((row) => `${JSON.stringify(row)}\n`).join(''));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

async function runs(page: Page): Promise<RunSummary[]> {
  const answer = await call(page, 'runs', 'list', { project: null });
  if (!answer.ok) throw new Error(answer.error.message);
  return answer.value;
}

/** The only run, once it is done. */
async function finished(page: Page): Promise<RunDetails> {
  await expect
    .poll(async () => (await runs(page)).map(({ state }) => state), { timeout: 120_000, interval: 200 })
    .toEqual(['finished']);
  const details = await call(page, 'runs', 'get', { id: (await runs(page))[0]!.id });
  if (!details.ok) throw new Error(details.error.message);
  return details.value;
}

const heading = (page: Page): Promise<string> => page.getByRole('heading', { level: 1 }).innerText();
const next = (page: Page): Promise<void> => page.getByRole('button', { name: 'Next', exact: true }).click();
const startButton = (page: Page) => page.getByRole('button', { name: /^Start/ });
const startable = (page: Page) => page.getByRole('button', { name: 'Start', exact: true });

describe.each(DOORS)('a run from a dropped file, by clicking (%s)', (door, open) => {
  let app: OpenApp;
  let page: Page;
  beforeAll(async () => {
    app = await open();
    page = app.page;
  });
  afterAll(() => app.close());

  it('imports what is dropped and shows what is learned from it', async () => {
    await page.getByRole('link', { name: 'Data', exact: true }).click();
    await page.getByText('No data yet').waitFor();
    expect(await violationsInBothThemes(page)).toEqual([]);
    await drop(page, file);
    await expect.poll(() => heading(page)).toBe('tickets');
    const row = page.getByRole('list').getByRole('listitem').filter({ hasText: 'Row 1' }).first();
    await row.waitFor();
    const inked = await row.locator('p span.font-semibold').allInnerTexts();
    expect(inked.join('')).toContain('Order 0 left our warehouse');
    expect(inked.join('')).not.toContain('Where is order');
    expect(await violationsInBothThemes(page)).toEqual([]);
    await shoot(page, `dataset-${door}`);
  });

  it('counts lengths at the cut', async () => {
    await page.getByRole('tab', { name: 'X-ray' }).click();
    const cut = page.getByRole('slider', { name: 'Sequence length at which rows are cut' });
    await cut.waitFor();
    await page
      .getByText(/^Every row fits into 256 tokens/)
      .first()
      .waitFor();
    await cut.focus();
    await page.keyboard.press('Home');
    await page
      .getByText(/^At 2 tokens 200 rows are cut/)
      .first()
      .waitFor();
    expect(await violationsInBothThemes(page)).toEqual([]);
    await shoot(page, `xray-${door}`);
  });

  it('trains it in four steps', async () => {
    await page.getByRole('link', { name: 'Train on it' }).click();
    await expect.poll(() => heading(page)).toBe('New run');
    await page.getByRole('radio', { name: /llama-9m/ }).click();
    await page.getByLabel('Vocabulary').fill('600');
    expect(await violationsInBothThemes(page)).toEqual([]);
    await next(page);
    expect(await page.getByRole('radio', { name: /tickets/ }).getAttribute('aria-checked')).toBe('true');
    await page.getByText(/^Needs \d/).waitFor();
    expect(await violationsInBothThemes(page)).toEqual([]);
    await next(page);
    await page.getByLabel('Steps', { exact: true }).fill('12');
    await page.getByLabel('Sequences at a time', { exact: true }).fill('2');
    expect(await violationsInBothThemes(page)).toEqual([]);
    await shoot(page, `new-run-method-${door}`);
    await next(page);
    await page.getByText('gives up least').waitFor();
    expect(await violationsInBothThemes(page)).toEqual([]);
    await shoot(page, `new-run-budget-${door}`);
    await startable(page).click();
    const run = await finished(page);
    expect(run).toMatchObject({
      step: 12,
      config: { training: { microBatch: 2 }, data: { eval: { fraction: 0.05 } } },
    });
    expect(run.config.data.mapping).toEqual({ instruction: 'prompt', response: 'completion' });
    expect(run.peakBytes).toBeLessThanOrEqual(run.planBytes!);
  });

  it('lists the model that it left, with what fits', async () => {
    await page.getByRole('link', { name: 'Models', exact: true }).click();
    await page.getByRole('grid', { name: 'Models' }).getByText('From a run').waitFor();
    await page
      .getByRole('grid', { name: 'Models' })
      .getByText(/^fits, from/)
      .waitFor();
    expect(await violationsInBothThemes(page)).toEqual([]);
    await shoot(page, `models-${door}`);
    await page.getByRole('grid', { name: 'Models' }).getByRole('link').first().click();
    await page.getByRole('table', { name: 'What training it takes' }).waitFor();
    expect(await violationsInBothThemes(page)).toEqual([]);
  });
});

describe('a run that does not fit', () => {
  let app: OpenApp;
  let page: Page;
  beforeAll(async () => {
    app = await openBrowser();
    page = app.page;
    await page.getByRole('link', { name: 'Data', exact: true }).click();
    await page.getByText('No data yet').waitFor();
    await drop(page, file);
    await page.getByRole('link', { name: 'Train on it' }).click();
    await page.getByRole('radio', { name: /llama-20m/ }).click();
    await page.getByLabel('Vocabulary').fill('600');
    await next(page);
    await next(page);
    await page.getByLabel('Steps', { exact: true }).fill('3');
    await next(page);
  });
  afterAll(() => app.close());

  it('is refused with the figures, and says why at the button', async () => {
    await page.getByText('gives up least').waitFor();
    await page.getByLabel('Exactly').fill('64 MiB');
    await page.keyboard.press('Enter');
    await page.getByRole('alert').filter({ hasText: 'its budget is 64.0 MiB' }).waitFor();
    expect(await startButton(page).getAttribute('aria-disabled')).toBe('true');
    await startButton(page).focus();
    await page.keyboard.press('Enter');
    await page.getByRole('button', { name: /^Apply: / }).waitFor();
    expect(await runs(page)).toEqual([]);
    expect(await violationsInBothThemes(page)).toEqual([]);
    await shoot(page, 'new-run-refused');
  });

  it('fits by one click on what is suggested, and trains', async () => {
    await page.getByRole('button', { name: 'Apply the suggestion' }).click();
    await page.getByRole('alert').waitFor({ state: 'detached' });
    await page.getByRole('status').filter({ hasText: 'Changed to fit' }).waitFor();
    await startable(page).click();
    const run = await finished(page);
    expect(run.planBytes).toBeLessThanOrEqual(64 * 2 ** 20);
    expect(run.peakBytes).toBeLessThanOrEqual(64 * 2 ** 20);
    expect(run.config.device.memoryBudget).toBe(64 * 2 ** 20);
  });
});

describe('a run from a file, by keyboard alone', () => {
  let app: OpenApp;
  let page: Page;
  beforeAll(async () => {
    app = await openBrowser({ env: { HOME: folder } });
    page = app.page;
  });
  afterAll(() => app.close());

  it('is imported, made and started', async () => {
    await page.keyboard.press('Control+k');
    await page.getByPlaceholder('A screen, a run, something to do').waitFor();
    await page.keyboard.type('import');
    await page.keyboard.press('Enter');
    await page.getByRole('dialog', { name: 'Import a file' }).getByText('tickets.jsonl').waitFor();
    await tabTo(page, /^tickets\.jsonl/);
    await page.keyboard.press('Enter');
    await expect.poll(() => heading(page)).toBe('tickets');
    await tabTo(page, /^Train on it$/);
    await page.keyboard.press('Enter');
    await expect.poll(() => heading(page)).toBe('New run');
    await tabTo(page, /^llama-9m/);
    await page.keyboard.press('Space');
    await tabTo(page, /^Vocabulary$/);
    await page.keyboard.press('Control+a');
    await page.keyboard.type('600');
    await tabTo(page, /^Next$/);
    await page.keyboard.press('Enter');
    await page.getByRole('radio', { name: /tickets/ }).waitFor();
    await tabTo(page, /^Next$/);
    await page.keyboard.press('Enter');
    await page.getByRole('radio', { name: 'Full training' }).waitFor();
    await tabTo(page, /^Steps$/);
    await page.keyboard.press('Control+a');
    await page.keyboard.type('3');
    await tabTo(page, /^Next$/);
    await page.keyboard.press('Enter');
    await page.getByText('gives up least').waitFor();
    await tabTo(page, /^Name of the run$/);
    await page.keyboard.type('By hand');
    await startable(page).waitFor();
    await tabTo(page, /^Start$/);
    await page.keyboard.press('Enter');
    expect(await finished(page)).toMatchObject({ name: 'By hand', step: 3 });
  });
});
