import { spawnSync } from 'node:child_process';
import { readFileSync, rmSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { call, collectNotices } from './calls.ts';
import { freshHome, openDesktop, type DesktopApp } from './doors.ts';
import { childrenOf } from './processes.ts';

const root = path.join(import.meta.dirname, '..', '..');

describe('the window', () => {
  let app: DesktopApp;
  beforeAll(async () => {
    app = await openDesktop();
  });
  afterAll(() => app.close());

  it('has a sandboxed page of the program’s own origin', async () => {
    const url = await app.electron.evaluate(({ BrowserWindow }) =>
      BrowserWindow.getAllWindows()[0]!.webContents.getURL(),
    );
    expect(url).toMatch(/^app:\/\/rankwise\//);
  });

  it('grants its page no permission', async () => {
    const states = await app.page.evaluate(() =>
      Promise.all(
        ['geolocation', 'notifications', 'camera', 'clipboard-read', 'clipboard-write'].map(
          async (name) => (await navigator.permissions.query({ name: name as PermissionName })).state,
        ),
      ),
    );
    expect(new Set(states)).toEqual(new Set(['denied']));
  });

  it('goes nowhere else and opens nothing', async () => {
    const before = app.page.url();
    await app.page.evaluate(() => {
      window.open('https://example.com/');
      const link = document.createElement('a');
      Object.assign(link, { href: 'https://example.com/', target: '_blank' });
      link.click();
      location.href = 'https://example.com/';
    });
    await app.page.waitForTimeout(500);
    expect(app.page.url()).toBe(before);
    expect(app.page.context().pages()).toHaveLength(1);
    expect((await call(app.page, 'tasks', 'list')).ok).toBe(true);
  });

  it('lets its page save no download', async () => {
    await app.electron.evaluate(({ session }) => {
      const world = globalThis as unknown as { prevented: boolean[] };
      world.prevented = [];
      session.defaultSession.on('will-download', (event) => world.prevented.push(event.defaultPrevented));
    });
    await app.page.evaluate(() => {
      const link = document.createElement('a');
      Object.assign(link, { href: URL.createObjectURL(new Blob(['x'])), download: 'x.txt' });
      link.click();
    });
    const prevented = (): Promise<boolean[]> =>
      app.electron.evaluate(() => (globalThis as unknown as { prevented: boolean[] }).prevented);
    await expect.poll(prevented).toEqual([true]);
  });

  it('answers its own page alone', async () => {
    const preload = path.join(root, 'out', 'preload', 'index.cjs');
    await app.electron.evaluate(async ({ BrowserWindow }, preload) => {
      const stranger = new BrowserWindow({ show: false, webPreferences: { preload, sandbox: true } });
      await stranger.loadURL('data:text/html,<title>stranger</title>');
    }, preload);
    await expect.poll(() => app.page.context().pages().length).toBe(2);
    const stranger = app.page
      .context()
      .pages()
      .find((page) => page !== app.page)!;
    await stranger.waitForFunction(() => 'rankwise' in globalThis);
    expect(await call(stranger, 'tasks', 'list')).toMatchObject({ ok: false, error: { code: 'E_SENDER' } });
    await stranger.close();
    expect((await call(app.page, 'tasks', 'list')).ok).toBe(true);
  });

  it('opens links of the program’s own list, in the user’s browser', async () => {
    await app.electron.evaluate(({ shell }) => {
      const world = globalThis as unknown as { opened: string[] };
      world.opened = [];
      shell.openExternal = async (address) => void world.opened.push(address);
    });
    expect(await call(app.page, 'system', 'openLink', { link: 'method', name: 'loqt' })).toMatchObject({ ok: true });
    const opened = await app.electron.evaluate(() => (globalThis as unknown as { opened: string[] }).opened);
    expect(opened).toEqual([expect.stringMatching(/^https:\/\/arxiv\.org\//)]);
  });

  it('hands the commands of its menu to the screens', async () => {
    const heard = await collectNotices(app.page, 'command');
    await app.electron.evaluate(({ Menu }) => {
      (Menu.getApplicationMenu()!.getMenuItemById('settings')!.click as () => void)();
    });
    await expect.poll(heard).toEqual([{ topic: 'command', command: 'settings' }]);
  });

  it('hands out what a dialog chose, and only that', async () => {
    const file = path.join(root, 'README.md');
    await app.electron.evaluate(({ dialog }, file) => {
      dialog.showOpenDialog = async () => ({ canceled: false, filePaths: [file] });
    }, file);
    const picked = await call(app.page, 'files', 'pick', { purpose: 'data' });
    expect(picked).toMatchObject({ ok: true, value: { name: 'README.md', folder: false } });
  });

  it('learns the place of a dropped file from the browser, not from the page', async () => {
    await app.page.evaluate(() => {
      const input = document.createElement('input');
      Object.assign(input, { type: 'file', id: 'drop' });
      document.body.append(input);
    });
    await app.page.setInputFiles('#drop', path.join(root, 'package.json'));
    const admit = (made: boolean): Promise<unknown> =>
      app.page.evaluate((made) => {
        const { files } = document.querySelector<HTMLInputElement>('#drop')!;
        const { rankwise } = globalThis as unknown as { rankwise: { admit(file: File): Promise<unknown> } };
        return rankwise.admit(made ? new File(['x'], '/etc/passwd') : files![0]!);
      }, made);
    expect(await admit(false)).toMatchObject({ ok: true, value: { name: 'package.json' } });
    expect(await admit(true)).toMatchObject({ ok: false, error: { code: 'E_FILE' } });
    await app.page.evaluate(() => document.querySelector('#drop')!.remove());
  });

  it('is the only one over its records: a second start shows it', async () => {
    await app.electron.evaluate(({ BrowserWindow }) => BrowserWindow.getAllWindows()[0]!.hide());
    const second = spawnSync(path.join(root, 'test', 'electron', 'electron'), [root], {
      env: { ...process.env, RANKWISE_HOME: app.home },
      timeout: 30_000,
    });
    expect(second.status).toBe(0);
    const isVisible = (): Promise<boolean> =>
      app.electron.evaluate(({ BrowserWindow }) => BrowserWindow.getAllWindows()[0]!.isVisible());
    await expect.poll(isVisible).toBe(true);
  });
});

describe('closing the window', () => {
  it('ends every process and remembers the window', async () => {
    const home = freshHome();
    const app = await openDesktop({ home });
    await call(app.page, 'methods', 'registry');
    const children = childrenOf(app.pid);
    expect(children.length).toBeGreaterThan(1);
    await app.electron.evaluate(({ BrowserWindow }) =>
      BrowserWindow.getAllWindows()[0]!.setBounds({ width: 1000, height: 700 }),
    );
    await app.electron.evaluate(({ BrowserWindow }) => BrowserWindow.getAllWindows()[0]!.close());
    await expect.poll(() => [app.pid, ...children].filter(isAlive)).toEqual([]);
    expect(JSON.parse(readFileSync(path.join(home, 'window.json'), 'utf8'))).toMatchObject({
      bounds: { width: 1000, height: 700 },
      maximized: false,
    });
    await app.close();
    const again = await openDesktop({ home });
    expect(await again.page.evaluate(() => [innerWidth, innerHeight])).toEqual([1000, 700]);
    await again.close();
    rmSync(home, { recursive: true, force: true });
  });
});

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
