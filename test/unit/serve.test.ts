import { mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { request as httpRequest } from 'node:http';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { CONTENT_POLICY } from '../../main/api/screen-files.ts';
import { startServer, type ScreenServer } from '../../main/serve/server.ts';
import { FileService } from '../../main/services/files.ts';
import { NoticeHub } from '../../main/services/notices.ts';
import type { Api } from '../../preload/contract/api.ts';
import { decodeWire, encodeWire } from '../../preload/contract/wire.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'rankwise-serve-'));
const screens = path.join(folder, 'screens');
const files = new FileService();
const notices = new NoticeHub();
let server: ScreenServer;
let cookie: string;

const api = {
  projects: { list: async () => [], create: async ({ name }: { name: string }) => ({ name, disk: NaN }) },
  runs: { series: async () => [{ steps: new Float64Array([1, NaN]) }] },
  files: { browse: async ({ handle }: { handle: string }) => files.browse(handle, 'data') },
} as unknown as Api;

beforeAll(async () => {
  mkdirSync(screens);
  writeFileSync(path.join(screens, 'index.html'), '<html><head></head><body></body></html>');
  writeFileSync(path.join(screens, 'app.js'), 'app');
  writeFileSync(path.join(folder, 'secret.txt'), 'secret');
  writeFileSync(path.join(folder, 'bridge.js'), 'bridge');
  server = await startServer(
    {
      api,
      notices,
      admit: (file) => files.admit(file),
      screens,
      bridge: path.join(folder, 'bridge.js'),
      uploads: path.join(folder, 'uploads'),
    },
    0,
  );
  const entered = await ask('GET', new URL(server.mintAddress()).search.replace(/^/, '/'));
  cookie = String(entered.headers['set-cookie']).split(';')[0]!;
});

afterAll(async () => {
  await server.close();
  rmSync(folder, { recursive: true, force: true });
});

interface Answer {
  status: number;
  headers: Record<string, string | string[] | undefined>;
  body: string;
}

/** A request as raw as it gets: no library tidies the path or the headers. */
function ask(
  method: string,
  target: string,
  headers: Record<string, string> = {},
  body?: string | Buffer,
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const request = httpRequest({ host: '127.0.0.1', port: server.port, method, path: target, headers }, (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
      response.on('end', () => resolve({ status: response.statusCode!, headers: response.headers, body: text }));
    });
    request.on('error', reject).end(body);
  });
}

const origin = (): string => `http://127.0.0.1:${server.port}`;
const own = (extra: Record<string, string> = {}): Record<string, string> => ({ cookie, origin: origin(), ...extra });
const json = { 'content-type': 'application/json' };
const call = async (name: string, input?: unknown): Promise<unknown> =>
  decodeWire((await ask('POST', `/call/${name}`, own(json), input === undefined ? '' : encodeWire(input))).body);

describe('who is let in', () => {
  it('is whoever has the address, once', async () => {
    const { pathname, search } = new URL(server.mintAddress());
    const first = await ask('GET', pathname + search);
    expect(first).toMatchObject({ status: 303, headers: { location: '/' } });
    expect(String(first.headers['set-cookie'])).toMatch(/^rankwise-\d+=[\w-]{43}; HttpOnly; SameSite=Strict; Path=\/$/);
    expect(await ask('GET', pathname + search)).toMatchObject({ status: 403 });
  });

  it.each([
    ['without a cookie', 'GET', '/', (): Record<string, string> => ({}), 403],
    ['with a made-up cookie', 'GET', '/', () => ({ cookie: `rankwise-${server.port}=${'x'.repeat(43)}` }), 403],
    ['with a made-up token', 'GET', '/?token=x', () => ({}), 403],
    ['with the name of another machine', 'GET', '/', () => ({ cookie, host: 'evil.example' }), 421],
    ['with the port of another server', 'GET', '/', () => ({ cookie, host: '127.0.0.1:1' }), 421],
    ['from another page', 'GET', '/', () => own({ origin: 'https://evil.example' }), 403],
    ['to call, from another page', 'POST', '/call/projects/list', () => own({ ...json, origin: 'null' }), 403],
    ['to call, from nowhere', 'POST', '/call/projects/list', () => ({ cookie, ...json }), 403],
    ['to upload, without a cookie', 'POST', '/upload?name=a', () => ({ origin: origin() }), 403],
    ['by a method that there is not', 'OPTIONS', '/call/projects/list', () => own(), 405],
  ] as const)('is nobody %s', async (_how, method, target, headers, status) => {
    const answer = await ask(method, target, headers());
    expect(answer.status).toBe(status);
    expect(answer.headers['access-control-allow-origin']).toBeUndefined();
    expect(answer.body).not.toContain('<html>');
  });

  it.each([
    ['without a cookie', (): Record<string, string> => ({ origin: origin() }), '/notices'],
    ['from another page', () => own({ origin: 'https://evil.example' }), '/notices'],
    ['from nowhere', () => ({ cookie }), '/notices'],
    ['with another machine’s name', () => own({ host: 'evil.example' }), '/notices'],
    ['at another place', () => own(), '/call/projects/list'],
  ])('hears no notice %s', async (_how, headers, place) => {
    const socket = new WebSocket(`ws://127.0.0.1:${server.port}${place}`, { headers: headers() });
    const message = await new Promise<string>((resolve) => socket.once('error', (error) => resolve(error.message)));
    expect(message).toContain('403');
  });
});

describe('the screens', () => {
  it('come with the policy of the desktop, and the bridge before them', async () => {
    const page = await ask('GET', '/', own());
    expect(page).toMatchObject({
      status: 200,
      body: expect.stringContaining('<head><script type="module" src="/bridge.js">') as string,
    });
    expect(page.headers).toMatchObject({
      'content-security-policy': CONTENT_POLICY,
      'x-content-type-options': 'nosniff',
    });
    expect((await ask('GET', '/bridge.js', own())).body).toBe('bridge');
    expect(await ask('GET', '/app.js', own())).toMatchObject({
      status: 200,
      headers: { 'content-type': 'text/javascript; charset=utf-8' },
    });
  });

  it.each([
    '/../secret.txt',
    '/..%2fsecret.txt',
    '/%2e%2e/secret.txt',
    '/..%5csecret.txt',
    '/a/../../secret.txt',
    '/%00',
    '/%zz',
    '//secret.txt',
  ])('hold nothing at %s', async (target) => {
    const answer = await ask('GET', target, own());
    expect([400, 404]).toContain(answer.status);
    expect(answer.body).not.toContain('secret');
  });
});

describe('calls', () => {
  it('answer results, typed arrays and all', async () => {
    const input = { ids: ['r'], keys: ['loss'], from: null, to: null, points: 2 };
    expect(await call('runs/series', input)).toEqual({ ok: true, value: [{ steps: new Float64Array([1, NaN]) }] });
    expect(await call('projects/create', { name: 'Moby' })).toEqual({ ok: true, value: { name: 'Moby', disk: NaN } });
    expect(await call('projects/list')).toEqual({ ok: true, value: [] });
  });

  it.each([
    ['an input that does not fit', 'projects/create', { name: 7 }, 'E_INPUT'],
    ['a call that there is not', 'projects/constructor', undefined, 'E_CALL'],
    ['a file that was not handed out', 'files/browse', { handle: '/etc', purpose: 'data' }, 'E_HANDLE'],
  ])('refuse %s', async (_what, name, input, code) => {
    expect(await call(name, input)).toMatchObject({ ok: false, error: { code } });
  });

  it.each([
    ['text', 'text/plain', '{}'],
    ['a form', 'application/x-www-form-urlencoded', 'name=x'],
    ['half of a JSON', 'application/json', '{"name":'],
  ])('refuse %s', async (_what, type, body) => {
    const answer = await ask('POST', '/call/projects/create', own({ 'content-type': type }), body);
    expect(decodeWire(answer.body)).toMatchObject({ ok: false, error: { code: 'E_INPUT' } });
  });
});

describe('uploads', () => {
  const send = async (name: string, body: string): Promise<unknown> =>
    decodeWire((await ask('POST', `/upload?name=${encodeURIComponent(name)}`, own(), body)).body);

  it('are kept by their content and handed out', async () => {
    const first = (await send('moby.jsonl', '{"text":"whale"}')) as { value: { handle: string } };
    expect(first).toMatchObject({ ok: true, value: { name: 'moby.jsonl', folder: false, bytes: 16 } });
    expect(readFileSync(files.pathOf(first.value.handle), 'utf8')).toBe('{"text":"whale"}');
    expect(await send('moby.jsonl', '{"text":"whale"}')).toEqual(first);
  });

  it.each(['../../out.txt', '..\\..\\out.txt', '/etc/out.txt', '...out.txt'])(
    'named %s stay in their folder',
    async (name) => {
      const sent = (await send(name, name)) as { value: { handle: string } };
      const place = files.pathOf(sent.value.handle);
      expect(path.basename(place)).toBe('out.txt');
      expect(path.dirname(path.dirname(place))).toBe(path.join(folder, 'uploads'));
    },
  );

  it('without a name are refused', async () => {
    expect(await send('..', 'x')).toMatchObject({ ok: false, error: { code: 'E_INPUT' } });
  });

  it('that break off leave nothing behind', async () => {
    await new Promise<void>((resolve) => {
      const headers = own({ 'content-length': '1000' });
      const request = httpRequest({
        host: '127.0.0.1',
        port: server.port,
        method: 'POST',
        path: '/upload?name=half.txt',
        headers,
      });
      request.on('error', () => resolve());
      request.write('half', () => setTimeout(() => request.destroy(new Error('gone')), 50));
    });
    await expect
      .poll(() => readdirSync(path.join(folder, 'uploads')).filter((name) => name.startsWith('.')))
      .toEqual([]);
  });
});

describe('notices', () => {
  it('reach an open page', async () => {
    const socket = new WebSocket(`ws://127.0.0.1:${server.port}/notices`, { headers: own() });
    await new Promise((resolve) => socket.once('open', resolve));
    const heard = new Promise((resolve) =>
      socket.once('message', (data: Buffer) => resolve(decodeWire(data.toString()))),
    );
    const notice = {
      topic: 'metrics',
      run: 'r',
      steps: new Float64Array([3]),
      values: { loss: new Float64Array([NaN]) },
    } as const;
    notices.publish(notice);
    expect(await heard).toEqual(notice);
    socket.close();
  });
});
