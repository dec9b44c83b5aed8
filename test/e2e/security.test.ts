import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CONTENT_POLICY } from '../../main/api/screen-files.ts';
import { CALLS } from '../../preload/contract/channels.ts';
import { call } from './calls.ts';
import { DOORS, type OpenApp } from './doors.ts';

describe.each(DOORS)('a page of the %s', (_door, open) => {
  let app: OpenApp;
  beforeAll(async () => {
    app = await open();
  });
  afterAll(() => app.close());

  it('finds the bridge and nothing of Node or Electron', async () => {
    const found = await app.page.evaluate(() =>
      ['require', 'process', 'module', 'Buffer', 'ipcRenderer', 'electron', 'standinPost'].filter(
        (name) => name in globalThis,
      ),
    );
    expect(found).toEqual([]);
  });

  it('has named functions for the calls of the contract, and cannot change them', async () => {
    const { names, frozen, door } = await app.page.evaluate(() => {
      const { rankwise } = globalThis as unknown as {
        rankwise: { door: string; api: Record<string, Record<string, unknown>> };
      };
      const names = Object.entries(rankwise.api).flatMap(([noun, calls]) =>
        Object.entries(calls).map(([name, each]) => `${noun}.${name}:${typeof each}`),
      );
      const before = rankwise.api;
      try {
        (globalThis as unknown as { rankwise: object }).rankwise = {};
      } catch {
        // Strict code is told; sloppy code is ignored.
      }
      return {
        names,
        frozen: (globalThis as unknown as typeof globalThis & { rankwise: typeof rankwise }).rankwise.api === before,
        door: rankwise.door,
      };
    });
    const expected = Object.entries(CALLS).flatMap(([noun, calls]) =>
      Object.keys(calls).map((name) => `${noun}.${name}:function`),
    );
    expect(names.sort()).toEqual(expected.sort());
    expect(frozen).toBe(true);
    expect(door).toBe(app.door);
  });

  it('comes with the content policy to the letter', async () => {
    const headers = await app.page.evaluate(async () => Object.fromEntries((await fetch('./index.html')).headers));
    expect(headers['content-security-policy']).toBe(CONTENT_POLICY);
    expect(headers['content-security-policy']).toBe(
      "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    );
    expect(headers['x-content-type-options']).toBe('nosniff');
  });

  it('runs no inline script and no script of another place, and reaches no network', async () => {
    const done = await app.page.evaluate(async () => {
      const world = globalThis as unknown as { ran?: string };
      const inline = document.createElement('script');
      inline.textContent = 'globalThis.ran = "inline"';
      document.body.append(inline);
      const attribute = document.createElement('div');
      attribute.innerHTML = '<img src="data:image/png;base64,x" onerror="globalThis.ran = \'attribute\'">';
      document.body.append(attribute);
      const fetched = await fetch('https://example.com/').then(
        () => 'fetched',
        () => 'refused',
      );
      const image = await new Promise((resolve) => {
        const picture = new Image();
        picture.onload = () => resolve('loaded');
        picture.onerror = () => resolve('refused');
        picture.src = 'https://example.com/x.png';
      });
      await new Promise((resolve) => setTimeout(resolve, 100));
      return { ran: world.ran ?? 'nothing', fetched, image };
    });
    expect(done).toEqual({ ran: 'nothing', fetched: 'refused', image: 'refused' });
  });

  it('finds no file outside the screens', async () => {
    const answers = await app.page.evaluate(async () => {
      const tries = [
        '..%2f..%2fpackage.json',
        '%2e%2e/%2e%2e/package.json',
        '..%5c..%5cpackage.json',
        '%00',
        'nothing.js',
      ];
      return Promise.all(tries.map(async (each) => (await fetch(`./${each}`)).status));
    });
    for (const status of answers) expect([400, 404]).toContain(status);
  });

  it('is refused what the contract does not have', async () => {
    const page = app.page;
    expect(await call(page, 'projects', 'create', { name: 'x', owner: 'root' })).toMatchObject({
      ok: false,
      error: { code: 'E_INPUT' },
    });
    expect(await call(page, 'projects', 'create', 'x')).toMatchObject({ ok: false, error: { code: 'E_INPUT' } });
    expect(await call(page, 'files', 'browse', { handle: '/etc', purpose: 'data' })).toMatchObject({
      ok: false,
      error: { code: 'E_HANDLE' },
    });
    expect(await call(page, 'runs', 'read', { handle: '../../etc/passwd' })).toMatchObject({
      ok: false,
      error: { code: 'E_HANDLE' },
    });
  });
});
