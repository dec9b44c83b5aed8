import { rmSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Locator, Page } from 'playwright-core';
import { HubServer } from '../unit/hub-server.ts';
import { call } from './calls.ts';
import { DOORS, freshHome, type OpenApp } from './doors.ts';
import { tabTo } from './keyboard.ts';
import { shoot, violations, violationsInBothThemes } from './looks.ts';

describe.each(DOORS)('the Hub on screen (%s)', (door, open) => {
  const home = freshHome();
  let hub: HubServer;
  let app: OpenApp;
  let page: Page;
  beforeAll(async () => {
    hub = await HubServer.start();
    app = await open({ home, env: { HF_ENDPOINT: hub.address } });
    page = app.page;
    await page.evaluate(() => void (location.hash = '#/models'));
    await page.getByRole('heading', { level: 1, name: 'Models' }).waitFor();
  });
  afterAll(async () => {
    await app.close();
    await hub.close();
    rmSync(home, { recursive: true, force: true });
  });

  const dialog = (name: string): Locator => page.getByRole('dialog', { name });
  const search = (): Locator => dialog('A model from the Hub');
  const row = (): Locator => page.getByRole('listitem').filter({ hasText: 'lab/tiny' });
  const models = async (): Promise<string[]> => {
    const answer = await call(page, 'models', 'list');
    return answer.ok ? answer.value.filter(({ origin }) => origin === 'hub').map(({ name }) => name) : [];
  };

  it('finds models by keyboard, and says whom it asks', async () => {
    await tabTo(page, /^From the Hub/);
    await page.keyboard.press('Enter');
    await search().getByText(`Asks 127.0.0.1:${hub.port} when you search`, { exact: false }).waitFor();
    // The focus begins in the field.
    await page.keyboard.type('tiny');
    await page.keyboard.press('Enter');
    await search().getByRole('button', { name: 'lab/tiny' }).waitFor();
    await search()
      .getByRole('row', { name: /lab\/locked.*terms to accept/ })
      .waitFor();
    expect(hub.asked.filter(({ url }) => url.startsWith('/api/models?'))).toHaveLength(1);
    const found = await violationsInBothThemes(page, (theme) => shoot(page, `hub-results-${theme}-${door}`));
    expect(found).toEqual([]);
  });

  it('names what is not supported, and what has terms to accept', async () => {
    await search().getByRole('button', { name: 'lab/mamba' }).click();
    const unsupported = dialog('lab/mamba');
    await unsupported.getByRole('alert').getByText('mamba', { exact: false }).waitFor();
    const refused = unsupported.getByRole('button', { name: /^Download/ });
    expect(await refused.getAttribute('aria-disabled')).toBe('true');
    expect(await violations(page)).toEqual([]);
    // The focus follows: on the way back when a model is shown, on the model after the way back.
    const way = unsupported.getByRole('button', { name: 'Results' });
    await expect.poll(() => way.evaluate((button) => button === document.activeElement)).toBe(true);
    await page.keyboard.press('Enter');
    const name = search().getByRole('button', { name: 'lab/mamba' });
    await expect.poll(() => name.evaluate((button) => button === document.activeElement)).toBe(true);
    await search().getByRole('button', { name: 'lab/locked' }).click();
    await dialog('lab/locked').getByText('Accept its terms on its page', { exact: false }).waitFor();
    await shoot(page, `hub-gated-${door}`);
    await dialog('lab/locked').getByRole('button', { name: 'Results' }).click();
  });

  it('shows what a model takes, fetches it, is cancelled and goes on', async () => {
    let free!: () => void;
    hub.hold = new Promise((resolve) => (free = resolve));
    await tabTo(page, /^lab\/tiny/);
    await page.keyboard.press('Enter');
    const shown = dialog('lab/tiny');
    await shown.getByRole('rowheader', { name: 'LoQT' }).waitFor();
    const found = await violationsInBothThemes(page, (theme) => shoot(page, `hub-model-${theme}-${door}`));
    expect(found).toEqual([]);
    expect(hub.of('model.safetensors')).toEqual([]);
    await shown.getByRole('button', { name: /^Download \d/ }).focus();
    await page.keyboard.press('Enter');
    await row()
      .getByText(/KiB of/)
      .waitFor();
    expect(await violations(page)).toEqual([]);
    await shoot(page, `hub-downloading-${door}`);
    await row().getByRole('button', { name: 'Cancel' }).click();
    await row().getByRole('button', { name: 'Go on' }).waitFor();
    expect(await models()).toEqual([]);
    free();
    hub.hold = null;
    const found2 = await violationsInBothThemes(page, (theme) => shoot(page, `hub-unfinished-${theme}-${door}`));
    expect(found2).toEqual([]);
    await row().getByRole('button', { name: 'Go on' }).click();
    await page.getByText('“tiny” is in the library.', { exact: true }).waitFor();
    expect(hub.of('model.safetensors').at(-1)!.range).toBe('bytes=4096-');
    expect(await models()).toEqual(['tiny']);
    await page.getByRole('link', { name: 'tiny', exact: true }).waitFor();
    expect(await row().count()).toBe(0);
  });

  it('says what went wrong, and what is unfinished can be removed', async () => {
    const answer = await call(page, 'models', 'list');
    const model = answer.ok ? answer.value.find(({ origin }) => origin === 'hub')! : null;
    await call(page, 'models', 'remove', { id: model!.id, files: true });
    hub.lies = true;
    await page.getByRole('button', { name: 'From the Hub…' }).first().click();
    // What was looked at last stays.
    await dialog('lab/tiny')
      .getByRole('button', { name: /^Download \d/ })
      .click();
    await row()
      .getByRole('alert')
      .getByText(/came with another content/)
      .waitFor();
    await shoot(page, `hub-failed-${door}`);
    await row().getByRole('button', { name: 'Remove' }).click();
    const question = page.getByRole('alertdialog');
    await question.waitFor();
    expect(await violations(page)).toEqual([]);
    await question.getByRole('button', { name: 'Remove' }).click();
    await row().waitFor({ state: 'detached' });
    const left = await call(page, 'hub', 'unfinished');
    expect(left).toEqual({ ok: true, value: [] });
    hub.lies = false;
  });

  it('tells of a hub that cannot be reached', async () => {
    await hub.close();
    await page.getByRole('button', { name: 'From the Hub…' }).first().click();
    await dialog('lab/tiny').getByText('cannot be reached', { exact: false }).waitFor();
    await dialog('lab/tiny').getByRole('button', { name: 'Results' }).click();
    await search().getByRole('button', { name: 'Search' }).click();
    await search().getByText('cannot be reached', { exact: false }).waitFor();
    expect(await violations(page)).toEqual([]);
    await page.keyboard.press('Escape');
    hub = await HubServer.start();
  });
});
