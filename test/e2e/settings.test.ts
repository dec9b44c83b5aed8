import { rmSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Page } from 'playwright-core';
import type { Settings } from '../../preload/contract/system.ts';
import { call } from './calls.ts';
import { DOORS, freshHome, type OpenApp } from './doors.ts';
import { shoot, violations, violationsInBothThemes } from './looks.ts';

const tab = (page: Page, name: string): Promise<void> => page.getByRole('tab', { name, exact: true }).click();

async function settingsOf(page: Page): Promise<Settings> {
  const answer = await call(page, 'system', 'settings');
  if (!answer.ok) throw new Error(answer.error.message);
  return answer.value;
}

/** Trains a few steps and stops: a run that left something. @returns its id */
async function shortRun(page: Page): Promise<string> {
  const sample = await call(page, 'sample', 'start');
  if (!sample.ok) throw new Error(sample.error.message);
  const [first, second] = sample.value.runs as [string, string];
  await call(page, 'queue', 'hold', { held: true });
  await call(page, 'runs', 'discard', { id: second });
  const runOf = async (): Promise<{ state: string; step: number } | null> => {
    const answer = await call(page, 'runs', 'get', { id: first });
    return answer.ok ? answer.value : null;
  };
  await expect.poll(async () => (await runOf())?.step, { timeout: 60_000 }).toBeGreaterThan(3);
  await call(page, 'runs', 'stop', { id: first });
  await expect.poll(async () => (await runOf())?.state, { timeout: 60_000 }).toMatch(/finished|stopped/);
  return first;
}

const runs = async (page: Page): Promise<string[]> => {
  const answer = await call(page, 'runs', 'list', { project: null });
  return answer.ok ? answer.value.map(({ id }) => id) : [];
};

describe.each(DOORS)('hardware and settings (%s)', (door, open) => {
  let app: OpenApp;
  let page: Page;
  let run: string;
  const home = freshHome();
  beforeAll(async () => {
    app = await open({ home });
    page = app.page;
  });
  afterAll(async () => {
    await app.close();
    rmSync(home, { recursive: true, force: true });
  });

  async function restart(): Promise<void> {
    const theme = (await settingsOf(page)).theme;
    await app.close();
    app = await open({ home });
    page = app.page;
    await expect.poll(() => page.evaluate(() => document.documentElement.dataset['theme'])).toBe(theme);
  }
  const goToSettings = (): Promise<void> => page.getByRole('link', { name: 'Settings' }).click();

  it('has nothing that axe finds on any of its parts, in either theme', async () => {
    await goToSettings();
    await page.getByRole('heading', { name: 'What runs may use' }).waitFor();
    for (const name of ['Hardware', 'Files', 'Preferences', 'About']) {
      await tab(page, name);
      const found = await violationsInBothThemes(page, (theme) =>
        shoot(page, `settings-${name.toLowerCase()}-${theme}-${door}`),
      );
      expect(found.map((each) => ({ name, ...each }))).toEqual([]);
    }
  });

  it('keeps what is set over a restart, the budget by keyboard', async () => {
    await tab(page, 'Hardware');
    const budget = page.getByRole('slider', { name: 'Memory budget' });
    await budget.focus();
    await page.keyboard.press('ArrowLeft');
    await page.keyboard.press('ArrowLeft');
    await expect.poll(async () => (await settingsOf(page)).memoryBudget).not.toBeNull();
    await page.getByRole('slider', { name: 'Threads' }).focus();
    await page.keyboard.press('ArrowRight');
    await expect.poll(async () => (await settingsOf(page)).threads).toBe(1);
    await tab(page, 'Preferences');
    await page.getByRole('radio', { name: 'Dark' }).click();
    await page.getByRole('switch', { name: 'Keep the machine awake' }).click();
    await expect.poll(async () => (await settingsOf(page)).keepAwake).toBe(false);
    const kept = await settingsOf(page);
    expect(kept).toMatchObject({ theme: 'dark', threads: 1, keepAwake: false });
    await restart();
    expect(await settingsOf(page)).toEqual(kept);
    await goToSettings();
    await tab(page, 'Preferences');
    const awake = page.getByRole('switch', { name: 'Keep the machine awake' });
    expect(await awake.getAttribute('aria-checked')).toBe('false');
    await tab(page, 'Hardware');
    await page.getByRole('button', { name: 'Use the machine' }).click();
    await expect.poll(async () => (await settingsOf(page)).memoryBudget).toBeNull();
  });

  it('checks the engine and tells how many checks passed', async () => {
    await page.getByRole('button', { name: 'Run the self-test' }).click();
    await page.getByText(/All [\d,]+ checks passed\./).waitFor({ timeout: 60_000 });
    await shoot(page, `settings-selftest-${door}`);
  });

  it('takes in again what lies in the folders and has no record', async () => {
    run = await shortRun(page);
    await call(page, 'runs', 'remove', { ids: [run], files: false });
    expect(await runs(page)).toEqual([]);
    await tab(page, 'Files');
    await page.getByRole('button', { name: 'Look again' }).click();
    await page.getByText(/^Taken in: 1 run/).waitFor({ timeout: 30_000 });
    expect(await runs(page)).toEqual([run]);
  });

  it('has the library again after the database was deleted, and says so', async () => {
    await app.close();
    for (const end of ['', '-wal', '-shm']) rmSync(path.join(home, `rankwise.db${end}`), { force: true });
    app = await open({ home });
    page = app.page;
    await expect.poll(() => runs(page), { timeout: 30_000 }).toEqual([run]);
    await goToSettings();
    await tab(page, 'Files');
    await page.getByText('The records were missing at the start', { exact: false }).waitFor();
    await page.getByRole('button', { name: 'Look again' }).click();
    await page.getByText('Everything that is there is in the library.').waitFor({ timeout: 30_000 });
    expect(await violations(page)).toEqual([]);
    await shoot(page, `settings-recovered-${door}`);
  });

  it('clears what can be made anew, after naming it', async () => {
    await page
      .getByRole('button', { name: /^Free / })
      .first()
      .click();
    const question = page.getByRole('alertdialog');
    await question.waitFor();
    expect(await violations(page)).toEqual([]);
    await question.getByRole('button', { name: /^Free / }).click();
    await page
      .getByText(/ were freed\./)
      .first()
      .waitFor();
  });
});
