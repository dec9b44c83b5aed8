import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { open } from 'node:fs/promises';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createApp, type App, type Services } from '../../main/app.ts';
import { resolvePaths } from '../../main/paths.ts';
import type { HubMachine } from '../../main/services/hub-download.ts';
import { HubLibrary, type DownloadRequest } from '../../main/services/hub-library.ts';
import { checkEndpoint, checkRepository, checkRevision } from '../../main/services/hub-names.ts';
import { FakeEngine } from './fake-engine.ts';
import { COMMIT, HubServer, tinyModel } from './hub-server.ts';

let folder: string;
let engine: FakeEngine;
let app: App;
let services: Services;
let hub: HubServer;
let waits: number[];
let machine: HubMachine;

beforeEach(async () => {
  folder = mkdtempSync(path.join(tmpdir(), 'rankwise-unit-'));
  engine = new FakeEngine();
  app = createApp(resolvePaths({ RANKWISE_HOME: path.join(folder, 'home') }), { engine });
  services = await app.open();
  hub = await HubServer.start();
  waits = [];
  machine = { wait: async (ms) => void waits.push(ms), freeBytes: async () => 2 ** 40, open };
});
afterEach(async () => {
  await hub.close();
  await app.close();
  rmSync(folder, { recursive: true, force: true });
});

const home = (...names: string[]): string => path.join(folder, 'home', ...names);
const weights = tinyModel().get('model.safetensors')!;

function library(env: NodeJS.ProcessEnv = {}): HubLibrary {
  return new HubLibrary({
    planner: services.planner,
    library: services.modelLibrary,
    folders: { models: home('models'), downloads: home('downloads') },
    env: { HF_ENDPOINT: hub.address, ...env },
    machine,
  });
}
const download = (more: Partial<DownloadRequest> = {}, env: NodeJS.ProcessEnv = {}, signal?: AbortSignal) =>
  library(env).download(
    { repository: 'lab/tiny', revision: 'main', ...more },
    () => undefined,
    signal ?? new AbortController().signal,
  );
const own = async () => (await services.modelLibrary.list()).filter(({ origin }) => origin !== 'preset');
const nothingEntered = async (): Promise<void> => {
  expect(await own()).toEqual([]);
  expect(existsSync(home('models')) ? readdirSync(home('models')) : []).toEqual([]);
};

describe('a download', () => {
  it('brings what the engine needs, says where it is from, and stays when the records are lost', async () => {
    const told: [number, number | null][] = [];
    const model = await library().download(
      { repository: 'lab/tiny', revision: 'main' },
      (done, total) => told.push([done, total ?? null]),
      new AbortController().signal,
    );
    expect(model).toMatchObject({ name: 'tiny', origin: 'hub', licence: 'apache-2.0', dtype: 'F32', problem: null });
    const place = home('models', model.id);
    const names = ['README.md', 'config.json', 'generation_config.json', 'model.safetensors', 'rankwise.json'];
    expect(readdirSync(place).sort()).toEqual(names);
    for (const [name, content] of tinyModel())
      if (names.includes(name)) expect(readFileSync(path.join(place, name))).toEqual(content);
    expect(JSON.parse(readFileSync(path.join(place, 'rankwise.json'), 'utf8'))).toMatchObject({
      repository: 'lab/tiny',
      commit: COMMIT,
    });
    expect(readdirSync(home('downloads'))).toEqual([]);
    expect(told.at(-1)![0]).toBe(told.at(-1)![1]);
    expect(hub.asked.at(1)?.url).toContain('/config.json');

    // A second time nothing is fetched; the model is the same.
    const before = hub.asked.length;
    expect((await download()).id).toBe(model.id);
    expect(hub.asked.length).toBe(before + 1);

    services.store.models.remove(model.id);
    expect(services.rescan.isBehind()).toBe(true);
    const { problems } = await services.rescan.rescan(() => undefined, new AbortController().signal);
    expect(problems).toEqual([]);
    expect(await own()).toMatchObject([{ id: model.id, name: 'tiny', origin: 'hub' }]);
    services.modelLibrary.remove(model.id, true);
    expect(existsSync(place)).toBe(false);
  });

  it('goes on with a range after the connection broke', async () => {
    hub.breaks = { after: 5000, times: 2 };
    await download();
    expect(waits).toEqual([1000, 2000]);
    const [first, second, third] = hub.of('model.safetensors');
    expect(first!.range).toBeUndefined();
    expect(second).toMatchObject({ range: 'bytes=5000-', ifRange: '"one"' });
    expect(third!.range).toBe('bytes=10000-');
    expect(readFileSync(path.join(home('models', (await own())[0]!.id), 'model.safetensors'))).toEqual(weights);
  });

  it('is kept when the connection stays broken, told of, and goes on later', async () => {
    hub.breaks = { after: 5000, times: 6 };
    await expect(download()).rejects.toMatchObject({ code: 'E_NETWORK' });
    expect(waits).toEqual([1000, 2000, 4000, 8000, 16_000]);
    await nothingEntered();
    const [left] = await library().unfinished();
    expect(left).toMatchObject({ repository: 'lab/tiny', commit: COMMIT, running: false });
    expect(left!.doneBytes).toBeGreaterThanOrEqual(30_000);
    await download({ revision: left!.commit });
    expect(hub.of('model.safetensors').at(-1)!.range).toBe('bytes=30000-');
    expect(await library().unfinished()).toEqual([]);
  });

  it.each([
    ['knows no ranges', () => (hub.ranges = false)],
    ['has another file by now', () => (hub.etag = '"two"')],
  ])('starts over where the server %s', async (_, change) => {
    hub.breaks = { after: 5000, times: 1 };
    machine.wait = async () => void change();
    await download();
    expect(hub.of('model.safetensors')).toHaveLength(2);
    expect(readFileSync(path.join(home('models', (await own())[0]!.id), 'model.safetensors'))).toEqual(weights);
  });

  it('refuses another content than was named, keeps none of it', async () => {
    hub.lies = true;
    await expect(download()).rejects.toMatchObject({ code: 'E_HASH' });
    await nothingEntered();
    const [part] = readdirSync(home('downloads'));
    expect(readdirSync(home('downloads', part!))).not.toContain('model.safetensors.part');
    hub.lies = false;
    await download();
    expect(await own()).toHaveLength(1);
  });

  it('is refused before it begins where the disk is too small', async () => {
    machine.freeBytes = async () => 1000;
    await expect(download()).rejects.toMatchObject({
      code: 'E_DISK',
      message: expect.stringMatching(/takes \d.* KiB more; .* 1000 bytes are free/) as string,
    });
    expect(hub.of('model.safetensors')).toEqual([]);
    await nothingEntered();
  });

  it('keeps what has come when the disk becomes full, and goes on', async () => {
    let room = 9000;
    machine.open = async (file, flags) => {
      const handle = await open(file, flags);
      const write = (chunk: Uint8Array, at: number) => {
        const fits = Math.min(room, chunk.length - at);
        if (fits === 0) return Promise.reject(Object.assign(new Error('no space'), { code: 'ENOSPC' }));
        room -= fits;
        return handle.write(chunk, at, fits);
      };
      return { write, sync: () => handle.sync(), close: () => handle.close() } as unknown as typeof handle;
    };
    await expect(download()).rejects.toMatchObject({ code: 'E_DISK' });
    await nothingEntered();
    room = Infinity;
    await download();
    expect(Number(/\d+/.exec(hub.of('model.safetensors').at(-1)!.range!)![0])).toBeGreaterThan(5000);
    expect(await own()).toHaveLength(1);
  });

  it('can be cancelled and resumed, or removed', async () => {
    let free!: () => void;
    hub.hold = new Promise((resolve) => (free = resolve));
    const controller = new AbortController();
    const hubs = library();
    let came = 0;
    const running = hubs.download(
      { repository: 'lab/tiny', revision: 'main' },
      (done, total) => {
        came = done;
        if (total !== null && total !== undefined && done > 4096) controller.abort();
      },
      controller.signal,
    );
    await expect(running).rejects.toMatchObject({ name: 'AbortError' });
    free();
    hub.hold = null;
    expect(came).toBeGreaterThan(0);
    await nothingEntered();
    expect(await hubs.unfinished()).toHaveLength(1);
    await download();
    expect(hub.of('model.safetensors').at(-1)!.range).toBe('bytes=4096-');

    const [model] = await own();
    services.modelLibrary.remove(model!.id, true);
    hub.breaks = { after: 100, times: 6 };
    await expect(download()).rejects.toMatchObject({ code: 'E_NETWORK' });
    const [left] = await hubs.unfinished();
    await hubs.discard(left!.id);
    expect(await hubs.unfinished()).toEqual([]);
    await expect(hubs.discard('../models')).rejects.toMatchObject({ code: 'E_HUB' });
  });

  it('runs once at a time', async () => {
    let free!: () => void;
    hub.hold = new Promise((resolve) => (free = resolve));
    const hubs = library();
    const request = { repository: 'lab/tiny', revision: 'main' };
    let begun!: () => void;
    const sending = new Promise<void>((resolve) => (begun = resolve));
    const { signal } = new AbortController();
    const first = hubs.download(request, (_, total) => total && begun(), signal);
    await sending;
    await expect(hubs.download(request, () => undefined, signal)).rejects.toMatchObject({ code: 'E_BUSY' });
    expect(await hubs.unfinished()).toMatchObject([{ running: true }]);
    free();
    await first;
  });

  it('goes to a folder of its own where one is named', async () => {
    const output = path.join(folder, 'mine');
    expect(await download({ output })).toMatchObject({ origin: 'folder', path: output });
    expect(readdirSync(folder).sort()).toEqual(['home', 'mine']);
    await expect(download({ output })).rejects.toMatchObject({ code: 'E_OUTPUT' });
  });

  it('fetches the shards that the index names, and no others', async () => {
    hub.files.delete('model.safetensors');
    hub.files.set('model-00001-of-00001.safetensors', weights);
    hub.files.set('consolidated.safetensors', weights);
    hub.files.set(
      'model.safetensors.index.json',
      Buffer.from(JSON.stringify({ weight_map: { w: 'model-00001-of-00001.safetensors' } })),
    );
    const { id } = await download();
    expect(readdirSync(home('models', id))).toContain('model-00001-of-00001.safetensors');
    expect(hub.of('consolidated.safetensors')).toEqual([]);
    hub.files.set('model.safetensors.index.json', Buffer.from('{"weight_map":{"w":"../../x.safetensors"}}'));
    services.modelLibrary.remove(id, true);
    await expect(download()).rejects.toMatchObject({ code: 'E_SAFETENSORS' });
    await nothingEntered();
  });
});

describe('what is refused', () => {
  it('an architecture that the engine does not know, by its config alone', async () => {
    engine.refusePlans = true;
    await expect(download()).rejects.toMatchObject({ code: 'E_UNSUPPORTED' });
    expect(hub.asked.map(({ url }) => url.split('/').at(-1))).toEqual(['main?blobs=true', 'config.json']);
    expect(readdirSync(home('downloads'))).toEqual([]);
    await nothingEntered();
  });

  it('pickle alone, by the name of its file', async () => {
    hub.files.delete('model.safetensors');
    await expect(download()).rejects.toMatchObject({
      code: 'E_PICKLE',
      message: expect.stringContaining('pytorch_model.bin') as string,
    });
    expect(hub.asked).toHaveLength(1);
  });

  it('gated models, with what to do; with a token they come', async () => {
    hub.gated = true;
    await expect(download()).rejects.toMatchObject({
      code: 'E_GATED',
      hint: expect.stringContaining('HF_TOKEN') as string,
    });
    await expect(download({}, { HF_TOKEN: 'hf_bad' })).rejects.toMatchObject({ code: 'E_GATED' });
    await nothingEntered();
    expect(await download({}, { HF_TOKEN: 'hf_good' })).toMatchObject({ name: 'tiny' });
  });

  it('what is not there', async () => {
    await expect(download({ repository: 'lab/none' })).rejects.toMatchObject({ code: 'E_HUB' });
    const gone = download({ endpoint: 'http://127.0.0.1:9' });
    await expect(gone).rejects.toMatchObject({ code: 'E_NETWORK' });
  });

  it('everything while offline', async () => {
    await expect(download({}, { HF_HUB_OFFLINE: '1' })).rejects.toMatchObject({ code: 'E_OFFLINE' });
    const offline = library({ HF_HUB_OFFLINE: 'true' });
    await expect(offline.search('tiny', undefined, new AbortController().signal)).rejects.toMatchObject({
      code: 'E_OFFLINE',
    });
    expect(hub.asked).toEqual([]);
  });

  it.each(['../x', 'a/b/c', '/etc', 'a//b', 'a b', '.', 'a/..', 'a/.git', '', 'a\\b', 'lab/a..b', 'a?b', 'a%2f'])(
    'the repository name “%s”',
    (name) => expect(() => checkRepository(name)).toThrow(expect.objectContaining({ code: 'E_HUB' }) as Error),
  );

  it.each(['../main', '', 'a//b', '/a', 'a..b', 'a b'])('the revision “%s”', (name) =>
    expect(() => checkRevision(name)).toThrow(expect.objectContaining({ code: 'E_HUB' }) as Error),
  );

  it.each(['file:///etc', 'huggingface.co', 'https://user:pw@host', 'https://h/?q'])('the address %s', (address) => {
    expect(() => checkEndpoint(address)).toThrow(expect.objectContaining({ code: 'E_HUB' }) as Error);
  });
});

describe('a hub that means harm', () => {
  it('gets no file written outside the folder', async () => {
    hub.moreNames = ['../escape.json', '/etc/tokenizer.json', 'a/../../tokenizer.json', 'tokenizer/../x.json', 'C:\\x'];
    await download();
    expect(readdirSync(folder)).toEqual(['home']);
    expect(hub.asked.every(({ url }) => !url.includes('escape') && !url.includes('..'))).toBe(true);
  });

  it('does not learn the token through a redirect to another host', async () => {
    const other = await HubServer.start();
    hub.gated = true;
    hub.elsewhere = other.address;
    await download({}, { HF_TOKEN: 'hf_good' });
    expect(hub.of('model.safetensors')[0]!.authorization).toBe('Bearer hf_good');
    expect(other.asked).toHaveLength(1);
    expect(other.asked[0]!.authorization).toBeUndefined();
    await other.close();
  });
});

describe('a search', () => {
  it('tells what a model is, and leaves out names that are none', async () => {
    const found = await library().search('tiny', undefined, new AbortController().signal);
    expect(found).toEqual([
      {
        repository: 'lab/tiny',
        downloads: 1234,
        likes: 5,
        gated: false,
        licence: 'apache-2.0',
        parameters: 11_000,
        bytes: 44_000,
      },
      {
        repository: 'lab/locked',
        downloads: 99,
        likes: 1,
        gated: true,
        licence: 'llama3',
        parameters: null,
        bytes: null,
      },
    ]);
    expect(hub.asked[0]!.url).toContain('filter=text-generation');
  });
});
