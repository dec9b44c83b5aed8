import { existsSync, readFileSync, rmSync, statSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Locator, Page } from 'playwright-core';
import { COMMIT, HubServer } from '../unit/hub-server.ts';
import { call } from './calls.ts';
import { DOORS, freshHome, openDesktop, type OpenApp } from './doors.ts';
import { tabTo } from './keyboard.ts';
import { shoot, violations, violationsInBothThemes } from './looks.ts';

describe.each(DOORS)('the Hub on screen (%s)', (door, open) => {
  const home = freshHome();
  let hub: HubServer;
  let app: OpenApp;
  let page: Page;
  beforeAll(async () => {
    hub = await HubServer.start();
    const template = '{{ bos_token }}{% for m in messages %}[{{ m.role }}] {{ m.content }}\n{% endfor %}';
    hub.files.set('tokenizer_config.json', Buffer.from(JSON.stringify({ bos_token: '<s>', chat_template: template })));
    hub.files.set('tokenizer.model', Buffer.from('pieces'));
    hub.files.set(
      'README.md',
      Buffer.from('---\nlicense: apache-2.0\n---\n# Tiny\n\n<b>Tiny</b> knows nothing yet.\n'),
    );
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

  it('shows what it has fetched: its makers, its template on a conversation, where it comes from', async () => {
    await page.getByRole('link', { name: 'tiny', exact: true }).click();
    await page.getByRole('heading', { level: 1, name: 'tiny' }).waitFor();
    await page.getByText('<s>[user] What do whales eat?', { exact: false }).waitFor();
    await page.getByRole('radio', { name: 'The template' }).click();
    await page.getByText('{% for m in messages %}', { exact: false }).waitFor();
    await page.getByText('<b>Tiny</b>', { exact: false }).waitFor();
    await page.getByText(COMMIT).waitFor();
    await page.getByText('tokenizer.model (SentencePiece), not read').waitFor();
    const found = await violationsInBothThemes(page, (theme) => shoot(page, `model-card-${theme}-${door}`));
    expect(found).toEqual([]);
    await page.getByRole('radio', { name: 'A conversation' }).click();
    await page.getByRole('link', { name: 'Models' }).first().click();
    await page.getByRole('heading', { level: 1, name: 'Models' }).waitFor();
  });

  it('says what went wrong, and what is unfinished can be removed', async () => {
    const answer = await call(page, 'models', 'list');
    const model = answer.ok ? answer.value.find(({ origin }) => origin === 'hub')! : null;
    await call(page, 'models', 'remove', { id: model!.id, files: true });
    hub.lies = true;
    await page.getByRole('button', { name: 'From the Hub…' }).first().click();
    await page.keyboard.type('tiny');
    await page.keyboard.press('Enter');
    await search().getByRole('button', { name: 'lab/tiny' }).click();
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
    // What was looked at last stays.
    await dialog('lab/tiny').getByText('cannot be reached', { exact: false }).waitFor();
    await dialog('lab/tiny').getByRole('button', { name: 'Results' }).click();
    await search().getByRole('button', { name: 'Search' }).click();
    await search().getByText('cannot be reached', { exact: false }).waitFor();
    expect(await violations(page)).toEqual([]);
    await page.keyboard.press('Escape');
    hub = await HubServer.start();
  });
});

async function goToPreferences(page: Page): Promise<void> {
  await page.evaluate(() => void (location.hash = '#/settings?part=preferences'));
  await page.getByRole('heading', { name: 'Models from the Hub' }).waitFor();
}

describe.each(DOORS)('the Hub in the settings (%s)', (door, open) => {
  it('is another address, or nobody, on screen', async () => {
    const hub = await HubServer.start();
    const app = await open();
    const { page } = app;
    try {
      await goToPreferences(page);
      const address = page.getByRole('textbox', { name: 'Address of the hub' });
      await address.fill('not an address');
      await page.keyboard.press('Enter');
      await page.getByText('Write it like https://huggingface.co', { exact: false }).waitFor();
      await address.fill(`${hub.address}/`);
      await page.keyboard.press('Enter');
      const endpoint = async () => {
        const answer = await call(page, 'hub', 'connection');
        return answer.ok ? answer.value : null;
      };
      await expect.poll(endpoint).toMatchObject({ endpoint: hub.address, endpointFrom: 'settings', offline: false });
      expect(await call(page, 'hub', 'search', { words: 'tiny' })).toMatchObject({ ok: true });
      await page.getByRole('switch', { name: 'Stay offline' }).click();
      await expect.poll(endpoint).toMatchObject({ offline: true, offlineFrom: 'settings' });
      expect(await call(page, 'hub', 'search', { words: 'tiny' })).toMatchObject({
        error: { code: 'E_OFFLINE', hint: expect.stringContaining('settings') as string },
      });
      const found = await violationsInBothThemes(page, (theme) => shoot(page, `hub-settings-${theme}-${door}`));
      expect(found).toEqual([]);
    } finally {
      await app.close();
      await hub.close();
    }
  });

  it('is what the environment says, and that is told', async () => {
    const app = await open({ env: { HF_ENDPOINT: 'http://127.0.0.1:9', HF_HUB_OFFLINE: '1', HF_TOKEN: 'hf_secret' } });
    try {
      await goToPreferences(app.page);
      await app.page.getByText('The environment sets HF_ENDPOINT to http://127.0.0.1:9, and that wins.').waitFor();
      await app.page.getByText('The environment sets HF_HUB_OFFLINE to stay offline, and that wins.').waitFor();
      await app.page.getByText('HF_TOKEN is set in the environment', { exact: false }).waitFor();
      expect(await app.page.content()).not.toContain('hf_secret');
      // No key store without a keyring: nothing is offered that would lie in clear.
      await app.page.getByText('start Rankwise with your token in HF_TOKEN', { exact: false }).waitFor();
      expect(await app.page.getByLabel('Access token').count()).toBe(0);
      expect(await call(app.page, 'hub', 'keepToken', { token: 'hf_x' })).toMatchObject({
        error: { code: 'E_KEY_STORE' },
      });
      expect(await violations(app.page)).toEqual([]);
      await shoot(app.page, `hub-settings-environment-${door}`);
    } finally {
      await app.close();
    }
  });
});

// A real Electron would ask a real keyring.
describe.skipIf(process.env.RANKWISE_TEST_ELECTRON)('a token in the key store of the desktop', () => {
  it('is kept sealed over a restart, sent to its hub alone, never shown again, and forgotten', async () => {
    const home = freshHome();
    const hub = await HubServer.start();
    const other = await HubServer.start();
    const start = (switches = ['--password-store=gnome-libsecret']): Promise<OpenApp> =>
      openDesktop({ home, switches });
    let app = await start();
    try {
      await call(app.page, 'system', 'change', { hubAddress: hub.address });
      await goToPreferences(app.page);
      await app.page.getByLabel('Access token').fill('hf_good');
      const found = await violationsInBothThemes(app.page, (theme) => shoot(app.page, `hub-token-${theme}`));
      expect(found).toEqual([]);
      await app.page.keyboard.press('Enter');
      const kept = `A token for 127.0.0.1:${hub.port} is kept in the GNOME keyring.`;
      await app.page.getByText(kept).waitFor();
      const file = path.join(home, 'hub-token.json');
      expect(readFileSync(file, 'utf8')).not.toContain('hf_good');
      expect(statSync(file).mode & 0o077).toBe(0);
      await app.close();

      app = await start();
      await goToPreferences(app.page);
      await app.page.getByText(kept).waitFor();
      const told = await call(app.page, 'hub', 'connection');
      expect(told).toMatchObject({ value: { token: { from: 'kept', kept: true } } });
      expect(JSON.stringify([told, await call(app.page, 'system', 'settings')])).not.toContain('hf_good');
      expect(await app.page.content()).not.toContain('hf_good');
      const shape = { sequenceLength: 32, microBatch: 1 };
      const look = { repository: 'lab/locked', revision: 'main', ...shape };
      expect(await call(app.page, 'hub', 'inspect', look)).toMatchObject({ value: { problem: null } });
      // Weights that lie elsewhere come without it.
      hub.elsewhere = other.address;
      await call(app.page, 'hub', 'download', { repository: 'lab/locked', revision: 'main', task: 'one' });
      expect(other.asked.map(({ authorization }) => authorization)).toEqual([undefined]);
      // Another hub is not told it.
      await call(app.page, 'system', 'change', { hubAddress: other.address });
      await call(app.page, 'hub', 'search', { words: 'tiny' });
      expect(other.asked.at(-1)!.authorization).toBeUndefined();
      await call(app.page, 'system', 'change', { hubAddress: hub.address });
      await app.page.getByText(kept).waitFor();
      await app.page.getByRole('button', { name: 'Forget it' }).click();
      await app.page.getByLabel('Access token').waitFor();
      expect(existsSync(file)).toBe(false);
      await call(app.page, 'hub', 'search', { words: 'tiny' });
      expect(hub.asked.at(-1)!.authorization).toBeUndefined();
    } finally {
      await app.close();
      await hub.close();
      await other.close();
      rmSync(home, { recursive: true, force: true });
    }
  });
});
