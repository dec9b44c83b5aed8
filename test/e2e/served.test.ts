import { existsSync, readFileSync, rmSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { PickedFile } from '../../preload/contract/files.ts';
import type { Result } from '../../preload/contract/api.ts';
import { call, collectNotices } from './calls.ts';
import { freshHome, openBrowser, startServer, stop, type BrowserApp } from './doors.ts';

const data = path.join(import.meta.dirname, '..', '..', 'README.md');

describe('the served screens', () => {
  let app: BrowserApp;
  beforeAll(async () => {
    app = await openBrowser();
  });
  afterAll(() => app.close());

  it('let nobody in by an address that was used', async () => {
    const stranger = await app.browser.newContext();
    const page = await stranger.newPage();
    const again = await page.goto(app.address);
    expect(again?.status()).toBe(403);
    expect((await page.goto(new URL('/', app.address).href))?.status()).toBe(403);
    await stranger.close();
  });

  it('show no token in their address', () => {
    expect(app.page.url()).not.toContain('token');
  });

  it('take a file that was chosen in the page, and import it', async () => {
    await app.page.evaluate(() => {
      const input = document.createElement('input');
      Object.assign(input, { type: 'file', id: 'chosen' });
      document.body.append(input);
    });
    await app.page.setInputFiles('#chosen', data);
    const admitted = (await app.page.evaluate(() => {
      const { rankwise } = globalThis as unknown as { rankwise: { admit(file: File): Promise<unknown> } };
      return rankwise.admit(document.querySelector<HTMLInputElement>('#chosen')!.files![0]!);
    })) as Result<PickedFile>;
    expect(admitted).toMatchObject({ ok: true, value: { name: 'README.md', bytes: readFileSync(data).byteLength } });
    if (!admitted.ok) return;
    const changed = await collectNotices(app.page, 'changed');
    const imported = await call(app.page, 'datasets', 'import', { handle: admitted.value.handle, task: 'import' });
    expect(imported).toMatchObject({ ok: true, value: { name: expect.stringContaining('README') as string } });
    await expect.poll(changed).toContainEqual({ topic: 'changed', noun: 'datasets' });
  });

  it('are one at a time over a home folder', async () => {
    await expect(startServer(app.home)).rejects.toThrow('without an address');
  });
});

describe('a page whose server ends', () => {
  it('is told so, and calls answer that in words', async () => {
    const home = freshHome();
    const app = await openBrowser({ home });
    const heard = await collectNotices(app.page, 'engine');
    expect(await stop(app.server)).toBe(0);
    await expect.poll(heard).toEqual([{ topic: 'engine', up: false, reason: expect.any(String) as string }]);
    expect(await call(app.page, 'projects', 'list')).toMatchObject({ ok: false, error: { code: 'E_OFFLINE' } });
    await app.close();
    expect(existsSync(path.join(home, 'rankwise.lock'))).toBe(false);
    rmSync(home, { recursive: true, force: true });
  });
});
