import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { gunzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Locator, Page } from 'playwright-core';
import { createApp } from '../../main/app.ts';
import { resolvePaths } from '../../main/paths.ts';
import { chatTokenizer, writeRandomModel } from '../integration/random-model.ts';
import { call } from './calls.ts';
import { DOORS, type DesktopApp, type OpenApp } from './doors.ts';
import { drop } from './dropping.ts';
import { tabTo } from './keyboard.ts';
import { shoot, violations, violationsInBothThemes } from './looks.ts';
import { engineOf } from './processes.ts';

const texts = path.join(import.meta.dirname, '..', '..', 'data', 'texts', 'moby-dick.txt.gz');

describe.each(DOORS)('a GGUF file on its way in (%s)', (door, open) => {
  const place = mkdtempSync(path.join(tmpdir(), 'rankwise-gguf-'));
  const inPlace = (...names: string[]): string => path.join(place, ...names);
  let app: OpenApp;
  let page: Page;

  beforeAll(async () => {
    const novel = gunzipSync(readFileSync(texts)).toString('utf8');
    const wide = { architecture: 'llama', hidden: 256, intermediate: 256, layers: 3 } as const;
    writeRandomModel(inPlace('Whale-2M'), wide, chatTokenizer(novel.slice(0, 30_000), 350));
    writeFileSync(inPlace('Whale-2M', 'README.md'), '---\nlicense: apache-2.0\n---\n# Whale\n');
    mkdirSync(inPlace('files'));
    const maker = createApp({
      ...resolvePaths(),
      ...resolvePaths({ ...process.env, RANKWISE_HOME: inPlace('maker') }),
    });
    const request = { model: inPlace('Whale-2M'), name: 'Whale 2M', adapter: null, type: 'q4_k_m' as const };
    const { signal } = new AbortController();
    await maker.gguf.write(request, inPlace('files', 'whale.gguf'), () => undefined, signal);
    await maker.close();
    const data = readFileSync(inPlace('files', 'whale.gguf'));
    const name = Buffer.from('tokenizer.ggml.pre');
    data.write('other', data.indexOf(name) + name.length + 4 + 8, 'latin1');
    writeFileSync(inPlace('files', 'strange.gguf'), data);
    writeFileSync(inPlace('files', 'text.gguf'), 'not a model');
    writeFileSync(inPlace('files', 'notes.txt'), 'not a model either');
    app = await open({ env: { HOME: place } });
    page = app.page;
    await page.evaluate(() => void (location.hash = '#/models'));
    await page.getByRole('heading', { level: 1, name: 'Models' }).waitFor();
  });
  afterAll(async () => {
    await app.close();
    rmSync(place, { recursive: true, force: true });
  });

  const dialog = (name: string): Locator => page.getByRole('dialog', { name, exact: true });
  const unpackButton = (name: string): Locator => dialog(name).getByRole('button', { name: /^Unpack it/ });
  /** What the system's dialog answers from now on; a browser has its own. */
  async function answerDialogs(...names: string[]): Promise<void> {
    if (door === 'desktop')
      await (app as DesktopApp).electron.evaluate(
        ({ dialog }, file) => {
          dialog.showOpenDialog = async () => ({ canceled: false, filePaths: [file] });
        },
        inPlace(...names),
      );
  }
  async function pickInBrowser(title: string, folder: string, name: string): Promise<void> {
    if (door === 'desktop') return;
    const browser = dialog(title);
    await browser.getByRole('button', { name: folder, exact: true }).click();
    await browser.getByRole('button', { name }).click();
  }
  const added = (name: string): Promise<void> =>
    page.getByText(`“${name}” was added.`, { exact: true }).first().waitFor({ timeout: 60_000 });

  it('is chosen by keyboard, and says what it is before anything is written', async () => {
    await answerDialogs('files', 'whale.gguf');
    await tabTo(page, /^Add a model…/);
    await page.keyboard.press('Enter');
    await page.getByRole('menuitem', { name: 'A GGUF file' }).waitFor();
    expect(await violations(page)).toEqual([]);
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('Enter');
    await pickInBrowser('Choose a GGUF file', 'files', 'whale.gguf');
    const shown = dialog('whale.gguf');
    for (const words of ['Whale 2M', 'llama', 'apache-2.0', 'with a chat template']) {
      const word = shown.getByText(words, { exact: words.length < 12 }).first();
      await word.waitFor();
    }
    await shown.getByText(/^~\/files\/whale\.gguf: \d+ in Q4_K, /).waitFor();
    await shown.getByText('~/files/whale', { exact: true }).waitFor();
    const sizes = [];
    for (const label of [/^bfloat16/, /^Exact · float32/]) {
      await shown.getByRole('radio', { name: label }).click();
      sizes.push(await unpackButton('whale.gguf').innerText());
    }
    expect(new Set(sizes).size).toBe(2);
    const found = await violationsInBothThemes(page, (theme) => shoot(page, `gguf-${theme}-${door}`));
    expect(found).toEqual([]);
    expect(existsSync(inPlace('files', 'whale'))).toBe(false);
  });

  it('is unpacked, cancelled with nothing left, and unpacked whole', async () => {
    const engine = engineOf(app.pid)!;
    process.kill(engine, 'SIGSTOP');
    try {
      await tabTo(page, /^Unpack it/);
      await page.keyboard.press('Enter');
      const row = page.getByRole('status').filter({ hasText: 'Unpacking whale.gguf' });
      await row.waitFor();
      const found = await violationsInBothThemes(page, (theme) => shoot(page, `gguf-unpacking-${theme}-${door}`));
      expect(found).toEqual([]);
      await row.getByRole('button', { name: 'Cancel' }).click();
    } finally {
      process.kill(engine, 'SIGCONT');
    }
    await page.getByRole('status').filter({ hasText: 'Unpacking' }).waitFor({ state: 'detached' });
    expect(readdirSync(inPlace('files')).filter((name) => /whale(?!\.)/.test(name))).toEqual([]);
    await page.getByRole('button', { name: 'Add a model…' }).click();
    await page.getByRole('menuitem', { name: 'A GGUF file' }).click();
    await pickInBrowser('Choose a GGUF file', 'files', 'whale.gguf');
    await unpackButton('whale.gguf').click();
    await added('whale');
    expect(readdirSync(inPlace('files', 'whale')).sort()).toContain('tokenizer.json');
  });

  it('is told on the page of its model', async () => {
    await page.getByRole('link', { name: 'whale', exact: true }).click();
    await page.getByRole('heading', { name: 'Where it comes from' }).waitFor();
    await page.getByText('GGUF file', { exact: true }).waitFor();
    await page.getByText('whale.gguf', { exact: true }).waitFor();
    await page.getByText('apache-2.0').waitFor();
    const found = await violationsInBothThemes(page, (theme) => shoot(page, `gguf-model-${theme}-${door}`));
    expect(found).toEqual([]);
    await page.getByRole('link', { name: 'Models' }).first().click();
    await page.getByRole('heading', { level: 1, name: 'Models' }).waitFor();
  });

  it('is dropped, and takes the tokenizer of another folder where its own is not read', async () => {
    await drop(page, inPlace('files', 'strange.gguf'));
    const shown = dialog('strange.gguf');
    await shown.getByText('its rule for words is “other”', { exact: false }).waitFor();
    const button = unpackButton('strange.gguf');
    expect(await button.getAttribute('aria-disabled')).toBe('true');
    const found = await violationsInBothThemes(page, (theme) => shoot(page, `gguf-tokenizer-${theme}-${door}`));
    expect(found).toEqual([]);
    await answerDialogs('files');
    await shown.getByRole('button', { name: 'Choose a folder with tokenizer.json' }).click();
    await pickInBrowser('Choose a folder with tokenizer.json', 'files', 'Choose “files”');
    await shown.getByRole('alert').getByText('cannot be read', { exact: false }).waitFor();
    expect(await button.getAttribute('aria-disabled')).toBe('true');
    expect(await violations(page)).toEqual([]);
    await answerDialogs('Whale-2M');
    await shown.getByRole('button', { name: 'Another folder with tokenizer.json' }).click();
    await pickInBrowser('Another folder with tokenizer.json', 'Whale-2M', 'Choose “Whale-2M”');
    await shown.getByText('~/Whale-2M', { exact: true }).waitFor();
    await expect.poll(() => button.getAttribute('aria-disabled')).toBeNull();
    await button.click();
    await added('strange');
    const models = await call(page, 'models', 'list');
    const model = models.ok ? models.value.find(({ name }) => name === 'strange') : undefined;
    // A browser sends its file to the program's own folder.
    const beside = door === 'desktop' ? inPlace('files') : path.join(app.home, 'uploads');
    expect(model!.path!.replace(/^~/, place).startsWith(beside)).toBe(true);
  });

  it('is refused in words where it is none', async () => {
    await drop(page, inPlace('files', 'text.gguf'));
    await dialog('text.gguf').getByRole('alert').waitFor();
    expect(await unpackButton('text.gguf').getAttribute('aria-disabled')).toBe('true');
    await shoot(page, `gguf-refused-${door}`);
    expect(await violations(page)).toEqual([]);
    await page.keyboard.press('Escape');
    await drop(page, inPlace('files', 'notes.txt'));
    await page
      .getByText(door === 'desktop' ? 'is neither a model folder' : 'sends GGUF files alone')
      .last()
      .waitFor();
  });
});
