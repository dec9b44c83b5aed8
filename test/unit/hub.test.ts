import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { open } from 'node:fs/promises';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createApp, type App, type Services } from '../../main/app.ts';
import { resolvePaths } from '../../main/paths.ts';
import { HubConnections, PUBLIC_HUB } from '../../main/services/hub-connection.ts';
import type { HubMachine } from '../../main/services/hub-download.ts';
import { HubLibrary, type DownloadRequest } from '../../main/services/hub-library.ts';
import { HubToken } from '../../main/services/hub-token.ts';
import { type KeyStore, noKeyStore } from '../../main/services/key-store.ts';
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
/** What waits for a hub's silence now. */
let alarms: Set<() => void>;
let changes: number;

beforeEach(async () => {
  folder = mkdtempSync(path.join(tmpdir(), 'rankwise-unit-'));
  engine = new FakeEngine();
  app = createApp(resolvePaths({ RANKWISE_HOME: path.join(folder, 'home') }), { engine });
  services = await app.open();
  hub = await HubServer.start();
  waits = [];
  alarms = new Set();
  changes = 0;
  const alarm: HubMachine['alarm'] = (_, run) => {
    alarms.add(run);
    return () => alarms.delete(run);
  };
  machine = { wait: async (ms) => void waits.push(ms), alarm, freeBytes: async () => 2 ** 40, open };
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
    changed: () => (changes += 1),
    connections: new HubConnections({
      settings: () => services.settings.get(),
      token: new HubToken(home('hub-token.json'), noKeyStore),
      env: { HF_ENDPOINT: hub.address, ...env },
    }),
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

  it('whose hub falls silent goes on from there, as after a broken connection', async () => {
    hub.hold = new Promise(() => undefined);
    const running = download();
    const [part] = await vi.waitFor(async () => {
      const [begun] = await library().unfinished();
      const place = home('downloads', `${begun!.id}.part`, 'model.safetensors.part');
      if (statSync(place).size !== 4096) throw new Error('It has not come yet.');
      return [place];
    });
    hub.hold = null;
    for (const silence of alarms) silence();
    await running;
    expect(existsSync(part)).toBe(false);
    expect(waits).toEqual([1000]);
    expect(hub.of('model.safetensors').at(-1)!.range).toBe('bytes=4096-');
    expect(alarms.size).toBe(0);
  });

  it('is given up where the hub answers nothing at all', async () => {
    hub.silent = true;
    const running = expect(download()).rejects.toMatchObject({
      code: 'E_NETWORK',
      message: expect.stringContaining('has sent nothing for 60 seconds') as string,
    });
    await vi.waitFor(() => expect(hub.asked).toHaveLength(1));
    for (const silence of alarms) silence();
    await running;
  });

  it('to a folder of its own is told of while it is not whole, goes on, and can be removed', async () => {
    const output = path.join(folder, 'mine');
    hub.breaks = { after: 5000, times: 6 };
    await expect(download({ output })).rejects.toMatchObject({ code: 'E_NETWORK' });
    const [left] = await library().unfinished();
    expect(left).toMatchObject({ repository: 'lab/tiny', output, running: false });
    expect(left!.totalBytes).toBeGreaterThan(weights.length);
    const { signal } = new AbortController();
    expect(await library().resume(left!.id, () => undefined, signal)).toMatchObject({ path: output });
    expect(hub.of('model.safetensors').at(-1)!.range).toBe('bytes=30000-');
    expect(await library().unfinished()).toEqual([]);
    expect(readdirSync(home('downloads'))).toEqual([]);

    hub.breaks = { after: 5000, times: 6 };
    const other = path.join(folder, 'other');
    await expect(download({ output: other })).rejects.toMatchObject({ code: 'E_NETWORK' });
    await library().discard((await library().unfinished())[0]!.id);
    expect(readdirSync(folder).sort()).toEqual(['home', 'mine']);
    expect(readdirSync(home('downloads'))).toEqual([]);
  });

  it('is counted in the storage, and removed there unless it goes on', async () => {
    hub.breaks = { after: 5000, times: 6 };
    await expect(download()).rejects.toMatchObject({ code: 'E_NETWORK' });
    const use = async () => (await services.storage.use()).find(({ what }) => what === 'downloads')!;
    const { bytes, cleanableBytes } = await use();
    expect(bytes).toBeGreaterThan(30_000);
    expect(cleanableBytes).toBe(bytes);
    // Another process fills it, one that lives.
    const { id } = (await services.hub.unfinished())[0]!;
    const lock = home('downloads', `${id}.part`, 'download.lock');
    writeFileSync(lock, String(process.ppid));
    expect(await services.hub.unfinished()).toMatchObject([{ running: true }]);
    expect(await services.storage.clean('downloads')).toBe(0);
    rmSync(lock);
    expect(await services.storage.clean('downloads')).toBe(bytes);
    expect(readdirSync(home('downloads'))).toEqual([]);
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

describe('an inspection', () => {
  const shape = { sequenceLength: 32, microBatch: 1, budgetBytes: null };
  const inspect = (repository: string, env: NodeJS.ProcessEnv = {}) =>
    library(env).inspect({ repository, revision: 'main' }, shape, new AbortController().signal);

  it('tells what a download would bring and what training takes, and fetches no weights', async () => {
    const told = await inspect('lab/tiny');
    expect(told).toMatchObject({
      commit: COMMIT,
      licence: 'apache-2.0',
      gated: false,
      facts: { architecture: 'llama', layers: 1, vocabSize: 300 },
      freeBytes: 2 ** 40,
      doneBytes: 0,
      problem: null,
      model: null,
    });
    expect(told.files.map(({ name }) => name)).toEqual([
      'config.json',
      'README.md',
      'generation_config.json',
      'model.safetensors',
    ]);
    expect(told.bytes).toBe(told.files.reduce((sum, { bytes }) => sum + bytes, 0));
    expect(told.fits.map(({ method }) => method)).toEqual(['plain', 'ranked']);
    expect(hub.of('model.safetensors')).toEqual([]);
    const { id } = await download();
    expect(id).toBe(told.id);
    expect((await inspect('lab/tiny')).model).toBe(id);
  });

  it('names what speaks against it and still tells what is known', async () => {
    expect(await inspect('lab/locked')).toMatchObject({ gated: true, problem: { code: 'E_GATED' }, bytes: null });
    expect(await inspect('lab/locked', { HF_TOKEN: 'hf_good' })).toMatchObject({ gated: true, problem: null });
    engine.refusePlans = true;
    const told = await inspect('lab/tiny');
    expect(told).toMatchObject({ problem: { code: 'E_UNSUPPORTED' }, fits: [], facts: { architecture: 'llama' } });
    expect(told.bytes).toBeGreaterThan(weights.length);
    hub.files.delete('model.safetensors');
    expect(await inspect('lab/tiny')).toMatchObject({ problem: { code: 'E_PICKLE' }, files: [] });
  });

  it('tells of a tokenizer that is not read, and fetches it only where there is no other', async () => {
    expect(await inspect('lab/tiny')).toMatchObject({ tokenizer: false, otherTokenizer: null });
    hub.files.set('tokenizer.model', Buffer.from('pieces'));
    const told = await inspect('lab/tiny');
    expect(told).toMatchObject({ tokenizer: false, otherTokenizer: 'tokenizer.model (SentencePiece)', problem: null });
    expect(told.files.map(({ name }) => name)).toContain('tokenizer.model');
    hub.files.set('tokenizer.json', Buffer.from('{}'));
    const better = await inspect('lab/tiny');
    expect(better).toMatchObject({ tokenizer: true, otherTokenizer: null });
    expect(better.files.map(({ name }) => name)).not.toContain('tokenizer.model');
  });

  it('counts the shards of an index', async () => {
    hub.files.delete('model.safetensors');
    hub.files.set('model-00001-of-00001.safetensors', weights);
    hub.files.set('consolidated.safetensors', weights);
    const index = { weight_map: { w: 'model-00001-of-00001.safetensors' } };
    hub.files.set('model.safetensors.index.json', Buffer.from(JSON.stringify(index)));
    const { files, problem } = await inspect('lab/tiny');
    expect(problem).toBeNull();
    expect(files.map(({ name }) => name)).toContain('model-00001-of-00001.safetensors');
    expect(files.map(({ name }) => name)).not.toContain('consolidated.safetensors');
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

describe('which hub is asked', () => {
  /** Seals by turning the text round. */
  const keys: KeyStore = {
    state: async () => ({ name: 'the test', reason: null }),
    seal: async (text) => Buffer.from([...text].reverse().join('')),
    open: async (sealed) => {
      const text = [...sealed.toString()].reverse().join('');
      if (locked) throw new Error('locked');
      return { text, stale: false };
    },
  };
  let locked = false;
  const connections = (env: NodeJS.ProcessEnv = {}, store: KeyStore = keys): HubConnections =>
    new HubConnections({
      settings: () => services.settings.get(),
      token: new HubToken(home('hub-token.json'), store),
      env,
    });

  it('is nobody in particular, the settings, the environment, in this order', async () => {
    expect(await connections().current()).toMatchObject({ endpoint: PUBLIC_HUB, endpointFrom: 'default' });
    services.settings.change({ hubAddress: 'https://mirror.example/', hubOffline: true });
    expect(await connections().current()).toMatchObject({
      endpoint: 'https://mirror.example',
      endpointFrom: 'settings',
      offline: true,
      offlineFrom: 'settings',
    });
    const env = { HF_ENDPOINT: hub.address, HF_HUB_OFFLINE: '0' };
    expect(await connections(env).current()).toMatchObject({
      endpoint: hub.address,
      endpointFrom: 'environment',
      offline: false,
      offlineFrom: 'environment',
    });
    expect(() => services.settings.change({ hubAddress: 'nowhere' })).toThrow(/hubAddress/);
  });

  it('by the token that was kept for it, unless HF_TOKEN is set, and by none elsewhere', async () => {
    services.settings.change({ hubAddress: hub.address });
    await connections().keepToken('hf_good');
    expect(readFileSync(home('hub-token.json'), 'utf8')).not.toContain('hf_good');
    expect((await connections().access()).token).toBe('hf_good');
    expect(await connections().current()).toMatchObject({ token: { from: 'kept', kept: true, opens: true } });
    expect(JSON.stringify(await connections().current())).not.toContain('hf_good');
    expect((await connections({ HF_TOKEN: 'hf_other' }).access()).token).toBe('hf_other');
    expect((await connections().access('https://elsewhere.example')).token).toBeNull();
    services.settings.change({ hubAddress: null });
    expect(await connections().current()).toMatchObject({ token: { from: 'none', kept: false } });
  });

  it('by none where the key store opens it no more, or there is none', async () => {
    services.settings.change({ hubAddress: hub.address });
    await connections().keepToken('hf_good');
    locked = true;
    expect(await connections().current()).toMatchObject({ token: { from: 'none', kept: true, opens: false } });
    locked = false;
    expect((await connections({}, noKeyStore).access()).token).toBeNull();
    connections().forgetToken();
    expect(existsSync(home('hub-token.json'))).toBe(false);
    await expect(connections({}, noKeyStore).keepToken('hf_good')).rejects.toMatchObject({ code: 'E_KEY_STORE' });
    expect(existsSync(home('hub-token.json'))).toBe(false);
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
      expect.objectContaining({ repository: 'lab/mamba', licence: null }),
    ]);
    expect(hub.asked[0]!.url).toContain('filter=text-generation');
  });
});
