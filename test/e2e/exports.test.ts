import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { gunzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Page } from 'playwright-core';
import { chatTokenizer, writeRandomModel } from '../integration/random-model.ts';
import { call } from './calls.ts';
import { openBrowser, type OpenApp } from './doors.ts';
import { shoot, violations, violationsInBothThemes } from './looks.ts';

const texts = path.join(import.meta.dirname, '..', '..', 'data', 'texts', 'moby-dick.txt.gz');
const place = mkdtempSync(path.join(tmpdir(), 'rankwise-exports-'));
let app: OpenApp;
let page: Page;

beforeAll(async () => {
  const novel = gunzipSync(readFileSync(texts)).toString('utf8');
  const wide = { architecture: 'llama', hidden: 256, intermediate: 256, layers: 3 } as const;
  writeRandomModel(path.join(place, 'Whale-2M'), wide, chatTokenizer(novel.slice(0, 30_000), 350));
  mkdirSync(path.join(place, 'given'));
  app = await openBrowser({ env: { HOME: place } });
  page = app.page;
  const listing = await call(page, 'files', 'browse', { handle: null, purpose: 'model' });
  if (!listing.ok) throw new Error(listing.error.message);
  const folder = listing.value.entries.find(({ name }) => name === 'Whale-2M')!;
  await call(page, 'models', 'add', { handle: folder.handle, task: 'add' });
});
afterAll(async () => {
  await app.close();
  rmSync(place, { recursive: true, force: true });
});

const dialog = () => page.getByRole('dialog', { name: 'Export “Whale-2M” as a GGUF file' });
const goTo = (hash: string): Promise<void> =>
  page.evaluate((to) => void ((globalThis as unknown as { location: { hash: string } }).location.hash = to), hash);

describe('a model on its way into a GGUF file', () => {
  it('says what it will be, and how large, before anything is written', async () => {
    await goTo('#/models');
    await page.getByRole('button', { name: 'More about Whale-2M' }).click();
    await page.getByRole('menuitem', { name: 'Export as GGUF …' }).click();
    await dialog()
      .getByText(/^whale-2m-Q4_K_M\.gguf: 30 tensors, 20 in Q4_K, /)
      .waitFor();
    await dialog().getByRole('radio', { name: /^F32/ }).click();
    await dialog()
      .getByRole('button', { name: /^Write it, 5\.\d MiB/ })
      .waitFor();
    await dialog()
      .getByRole('radio', { name: /^Q4_K_M/ })
      .click();
    await dialog()
      .getByRole('button', { name: /^Write it, \d+ KiB/ })
      .waitFor();
    expect(await violationsInBothThemes(page, (theme) => shoot(page, `export-${theme}`))).toEqual([]);
  });

  it('is written into a folder of the machine, and shows what was proved', async () => {
    await dialog().getByRole('button', { name: 'Choose a folder', exact: true }).click();
    const browser = page.getByRole('dialog', { name: 'Choose a folder' });
    await browser.getByRole('button', { name: 'given' }).first().click();
    await browser.getByRole('button', { name: 'Choose “given”' }).click();
    await dialog().getByText('~/given', { exact: true }).waitFor();
    await dialog()
      .getByRole('button', { name: /^Write it, / })
      .click();
    await dialog()
      .getByText(/~\/given\/whale-2m-Q4_K_M\.gguf, .*It was opened again/)
      .waitFor({ timeout: 60_000 });
    await dialog().getByText('The Modelfile for Ollama beside it has the model').waitFor();
    expect(await dialog().getByRole('table', { name: 'What each type lost' }).getByRole('row').count()).toBe(4);
    expect(readdirSync(path.join(place, 'given')).sort()).toEqual([
      'whale-2m-Q4_K_M.Modelfile',
      'whale-2m-Q4_K_M.gguf',
      'whale-2m-Q4_K_M.gguf.receipt.json',
    ]);
    expect(await violationsInBothThemes(page, (theme) => shoot(page, `export-receipt-${theme}`))).toEqual([]);
    await dialog().getByRole('button', { name: 'Close' }).first().click();
  });

  it('is remembered on the page of its model', async () => {
    await page.getByRole('link', { name: 'Whale-2M' }).click();
    await page.getByRole('button', { name: 'whale-2m-Q4_K_M.gguf' }).click();
    const receipt = page.getByRole('dialog', { name: 'whale-2m-Q4_K_M.gguf' });
    await receipt.getByText(/It was opened again/).waitFor();
    await page.keyboard.press('Escape');
    await shoot(page, 'export-list');
    expect(await violations(page)).toEqual([]);
  });
});
