import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createApp } from '../../main/app.ts';
import { filesIn } from '../../main/formats/folder-stamp.ts';
import { resolvePaths } from '../../main/paths.ts';
import type { HubModel, UnfinishedDownload } from '../../preload/contract/hub.ts';
import type { ModelSummary } from '../../preload/contract/models.ts';
import { HubServer, tinyModel } from '../unit/hub-server.ts';
import { Terminal } from './command-line.ts';

const terminal = new Terminal();
let hub: HubServer;
beforeEach(async () => {
  hub = await HubServer.start();
});
afterEach(() => hub.close());
afterAll(() => terminal.close());

const download = (...more: string[]) => terminal.start(['download', 'lab/tiny', '--endpoint', hub.address, ...more]);

const filesBelow = (folder: string): { name: string; bytes: number }[] =>
  existsSync(folder) ? readdirSync(folder).flatMap((part) => filesIn(path.join(folder, part))) : [];

describe('rankwise download', () => {
  it('refuses what the engine does not know, by the name of what is missing, before the weights', async () => {
    const config = JSON.parse(tinyModel().get('config.json')!.toString()) as object;
    hub.files.set('config.json', Buffer.from(JSON.stringify({ ...config, model_type: 'mamba' })));
    const { status, stderr } = await download();
    expect(status).toBe(1);
    expect(stderr).toContain('mamba');
    expect(hub.of('model.safetensors')).toEqual([]);
  });

  it('stops at Ctrl-C and goes on where it was', async () => {
    let free!: () => void;
    hub.hold = new Promise((resolve) => (free = resolve));
    const { status, stderr } = await terminal.start(
      ['download', 'lab/tiny', '--endpoint', hub.address],
      undefined,
      (child) => {
        const part = path.join(terminal.folder, 'home', 'downloads');
        const looking = setInterval(() => {
          if (!filesBelow(part).some(({ name, bytes }) => name === 'model.safetensors.part' && bytes === 4096)) return;
          clearInterval(looking);
          child.kill('SIGINT');
        }, 20);
      },
    );
    expect(status).toBe(1);
    expect(stderr).toContain('E_CANCELLED');
    expect(stderr).toContain('goes on from there');
    const [begun] = await terminal.ask<UnfinishedDownload[]>('hub', 'unfinished');
    expect(begun).toMatchObject({ repository: 'lab/tiny', running: false });
    free();
    hub.hold = null;
    const model = await terminal.ask<ModelSummary>('download', 'lab/tiny', '--endpoint', hub.address);
    expect(model).toMatchObject({ name: 'tiny', origin: 'hub', architecture: 'llama', problem: null });
    expect(hub.of('model.safetensors').at(-1)!.range).toBe('bytes=4096-');
    expect(existsSync(path.join(terminal.folder, 'home', 'models', model.id, 'model.safetensors'))).toBe(true);
    expect(await terminal.ask<UnfinishedDownload[]>('hub', 'unfinished')).toEqual([]);
  });
});

describe('rankwise hub', () => {
  it('finds models', async () => {
    const found = await terminal.ask<HubModel[]>('hub', 'search', 'tiny', '--endpoint', hub.address);
    expect(found.map(({ repository }) => repository)).toContain('lab/tiny');
  });

  it('asks the hub of the settings, unless they or the environment say offline', async () => {
    const app = createApp(resolvePaths({ RANKWISE_HOME: path.join(terminal.folder, 'home') }));
    const { settings } = await app.open();
    settings.change({ hubAddress: hub.address });
    const found = await terminal.ask<HubModel[]>('hub', 'search', 'tiny');
    expect(found.map(({ repository }) => repository)).toContain('lab/tiny');
    settings.change({ hubOffline: true });
    const { status, stderr } = await terminal.start(['hub', 'search', 'tiny']);
    expect(status).toBe(1);
    expect(stderr).toContain('E_OFFLINE');
    expect(stderr).toContain('settings');
    settings.change({ hubAddress: null, hubOffline: false });
    await app.close();
  });

  it('says so for a download that is not there', async () => {
    const { status, stderr } = await terminal.start(['hub', 'discard', 'nothing']);
    expect(status).toBe(1);
    expect(stderr).toContain('no unfinished download');
  });
});

describe('an inspection', () => {
  it('plans from the config alone what the whole model then takes', async () => {
    const home = mkdtempSync(path.join(tmpdir(), 'rankwise-hub-'));
    const app = createApp(resolvePaths({ RANKWISE_HOME: home }));
    const { planner, settings, hub: library } = await app.open();
    settings.change({ hubAddress: hub.address });
    const shape = { sequenceLength: 48, microBatch: 2, budgetBytes: null };
    const { signal } = new AbortController();
    const { fits, problem } = await library.inspect({ repository: 'lab/tiny', revision: 'main' }, shape, signal);
    expect(problem).toBeNull();
    const model = await library.download({ repository: 'lab/tiny', revision: 'main' }, () => undefined, signal);
    expect(await planner.fits({ path: path.join(home, 'models', model.id) }, shape)).toEqual(fits);
    const refused = await library.inspect({ repository: 'lab/mamba', revision: 'main' }, shape, signal);
    expect(refused.problem?.message).toContain('mamba');
    await app.close();
    rmSync(home, { recursive: true });
  });
});
