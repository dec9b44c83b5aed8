import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Page } from 'playwright-core';
import { call } from './calls.ts';
import { DOORS, openBrowser, type OpenApp } from './doors.ts';
import { shoot, violations, violationsInBothThemes } from './looks.ts';

const heading = (page: Page): Promise<string> => page.getByRole('heading', { level: 1 }).innerText();

describe.each(DOORS)('the first start (%s)', (door, open) => {
  let app: OpenApp;
  beforeAll(async () => {
    app = await open();
  });
  afterAll(() => app.close());

  it('offers one thing to do', async () => {
    expect(await heading(app.page)).toBe('Train a language model on this machine');
    expect(await violationsInBothThemes(app.page)).toEqual([]);
    await shoot(app.page, `first-start-${door}`);
  });

  it('trains the sample at one press, and the loss is seen to fall', async () => {
    await app.page.getByRole('button', { name: 'Train the sample' }).click();
    const chart = app.page.getByRole('img', { name: /Training loss\. .+ fell from \d/ });
    await chart.waitFor({ timeout: 60_000 });
    await app.page.getByRole('columnheader', { name: 'Memory' }).waitFor();
    expect(await app.page.getByRole('progressbar').count()).toBeGreaterThan(0);
    expect(await violationsInBothThemes(app.page)).toEqual([]);
    await shoot(app.page, `home-training-${door}`);
  });

  it('shows the same figures as a table', async () => {
    await app.page.getByRole('button', { name: 'Show as a table' }).click();
    const table = app.page.getByRole('region', { name: 'Training loss' }).getByRole('table');
    expect(await table.getByRole('row').count()).toBeGreaterThan(1);
    await app.page.getByRole('button', { name: 'Show as a chart' }).click();
  });
});

describe('projects, by keyboard alone', () => {
  let app: OpenApp;
  let page: Page;
  beforeAll(async () => {
    app = await openBrowser();
    page = app.page;
  });
  afterAll(() => app.close());

  const cards = (): Promise<string[]> => page.getByRole('heading', { level: 3 }).allInnerTexts();

  async function choose(command: string): Promise<void> {
    await page.keyboard.press('Control+k');
    await page.getByPlaceholder('A screen, a run, something to do').waitFor();
    await page.keyboard.type(command);
    await page.keyboard.press('Enter');
  }

  it('are made from the palette', async () => {
    await page.getByRole('heading', { level: 1 }).waitFor();
    await choose('new project');
    const field = page.getByRole('textbox', { name: 'Name' });
    await field.waitFor();
    await expect.poll(() => field.evaluate((element) => element === document.activeElement)).toBe(true);
    expect(await violations(page)).toEqual([]);
    await page.keyboard.type('Whale stories');
    await page.keyboard.press('Enter');
    await expect.poll(cards).toEqual(['Whale stories']);
  });

  it('are refused where the name is taken, and the button says so', async () => {
    await choose('new project');
    await page.getByRole('textbox', { name: 'Name' }).waitFor();
    await page.keyboard.type('Whale stories');
    await page.keyboard.press('Enter');
    const button = page.getByRole('dialog').getByRole('button', { name: 'Create' });
    expect(await button.getAttribute('aria-disabled')).toBe('true');
    await button.focus();
    await page.keyboard.press('Enter');
    await page.getByText('There is a project of that name already.').last().waitFor();
    await page.keyboard.press('Escape');
    await page.keyboard.press('Escape');
    await page.getByRole('dialog').waitFor({ state: 'detached' });
  });

  it('are renamed, and deleted after a question that the keyboard answers', async () => {
    await page.getByRole('button', { name: 'More about Whale stories' }).focus();
    await page.keyboard.press('Enter');
    await page.getByRole('menuitem', { name: 'Rename' }).waitFor();
    await page.keyboard.press('Enter');
    await page.getByRole('textbox', { name: 'Name' }).waitFor();
    await page.keyboard.press('Control+a');
    await page.keyboard.type('Ships');
    await page.keyboard.press('Enter');
    await expect.poll(cards).toEqual(['Ships']);
    await page.getByRole('button', { name: 'More about Ships' }).focus();
    await page.keyboard.press('Enter');
    await page.getByRole('menuitem', { name: 'Delete project' }).waitFor();
    await page.keyboard.press('End');
    await page.keyboard.press('Enter');
    const question = page.getByRole('alertdialog', { name: 'Delete “Ships”?' });
    await question.waitFor();
    expect(await violations(page)).toEqual([]);
    await page.keyboard.press('Escape');
    await question.waitFor({ state: 'detached' });
    expect(await cards()).toEqual(['Ships']);
    await page.getByRole('button', { name: 'More about Ships' }).focus();
    await page.keyboard.press('Enter');
    await page.getByRole('menuitem', { name: 'Delete project' }).waitFor();
    await page.keyboard.press('End');
    await page.keyboard.press('Enter');
    await question.waitFor();
    await page.keyboard.press('Tab');
    await page.keyboard.press('Enter');
    await page.getByText('“Ships” was deleted.').first().waitFor();
    await expect.poll(() => heading(page)).toBe('Train a language model on this machine');
  });

  it('and the keys are told', async () => {
    await page.keyboard.press('?');
    await page.getByRole('dialog', { name: 'Keyboard shortcuts' }).waitFor();
    expect(await violations(page)).toEqual([]);
    await page.keyboard.press('Escape');
  });

  it('and the theme is kept', async () => {
    const themeOf = (): Promise<string | undefined> => page.evaluate(() => document.documentElement.dataset['theme']);
    const before = await themeOf();
    await page.keyboard.press('Control+Shift+l');
    await expect.poll(themeOf).not.toBe(before);
    const now = await themeOf();
    await expect
      .poll(async () => {
        const settings = await call(page, 'system', 'settings');
        return settings.ok && settings.value.theme;
      })
      .toBe(now);
    await page.reload();
    await expect.poll(themeOf).toBe(now);
  });
});
