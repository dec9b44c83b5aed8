import { existsSync, mkdirSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createApp, type App, type Services } from '../../main/app.ts';
import { readChatTemplate } from '../../main/formats/chat-template-file.ts';
import { stopTokens } from '../../main/formats/generation-config.ts';
import { readLicence } from '../../main/formats/licence.ts';
import { weightFiles } from '../../main/formats/weight-files.ts';
import { resolvePaths } from '../../main/paths.ts';
import { paperOf } from '../../main/services/links.ts';
import type { Notice } from '../../preload/contract/notices.ts';
import type { Run } from '../../preload/contract/run-file.ts';
import { FakeEngine } from './fake-engine.ts';

/** Knows a method that can start from an adapter. */
class AdapterEngine extends FakeEngine {
  override async registry() {
    const { methods, presets } = await super.registry();
    const from = { name: 'initializeFrom', type: 'string' as const, default: null, help: 'Where it starts from.' };
    return { methods: [...methods, { ...methods[0]!, name: 'adapting', parameters: [from] }], presets };
  }
}

let folder: string;
let engine: FakeEngine;
let app: App;
let services: Services;

beforeEach(async () => {
  folder = mkdtempSync(path.join(tmpdir(), 'rankwise-unit-'));
  engine = new AdapterEngine();
  app = createApp(resolvePaths({ RANKWISE_HOME: path.join(folder, 'home') }), { engine });
  services = await app.open();
});
afterEach(async () => {
  await app.close();
  rmSync(folder, { recursive: true, force: true });
});

function file(name: string, content: string | object | Buffer): string {
  const full = path.join(folder, name);
  mkdirSync(path.dirname(full), { recursive: true });
  const text = typeof content === 'string' || Buffer.isBuffer(content) ? content : JSON.stringify(content);
  writeFileSync(full, text);
  return full;
}

/** A safetensors file of one float32 matrix of zeros. */
function tensor(name: string, rows: number, columns: number): Buffer {
  const bytes = 4 * rows * columns;
  const header = Buffer.from(
    JSON.stringify({ [name]: { dtype: 'F32', shape: [rows, columns], data_offsets: [0, bytes] } }),
  );
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(header.length));
  return Buffer.concat([length, header, Buffer.alloc(bytes)]);
}

function model(name: string, rows = 2): string {
  const config = { model_type: 'llama', vocab_size: 300, hidden_size: 8, num_hidden_layers: 1, num_attention_heads: 2 };
  file(`${name}/config.json`, config);
  return path.dirname(file(`${name}/model.safetensors`, tensor('w', rows, 3)));
}

function adapter(name: string, more: object = {}): string {
  const config = { peft_type: 'LORA', r: 2, lora_alpha: 4, base_model_name_or_path: null, ...more };
  file(`${name}/adapter_config.json`, config);
  const weights = tensor('base_model.model.layers.0.q_proj.lora_A.weight', 2, 3);
  return path.dirname(file(`${name}/adapter_model.safetensors`, weights));
}

const noProgress = () => undefined;
const { signal } = new AbortController();
const add = (place: string) => services.modelLibrary.add(place, noProgress, signal);
const take = (place: string, base: string | null = null) =>
  services.adapterLibrary.import(place, base, noProgress, signal);

/** A run of the records that wrote into a folder. */
function run(id: string, output: string, state: 'finished' | 'queued' | 'paused', config: object = {}): void {
  services.store.projects.insert({ id, name: id, createdAt: 1 });
  const settings = { name: id, model: { preset: 'tiny' }, method: { name: 'plain' }, data: { train: '/d.txt' } };
  services.store.runs.insert({
    id,
    project: id,
    name: id,
    state,
    config: { ...settings, ...config } as unknown as Run,
    output,
    createdAt: 1,
    endedAt: 2,
  });
}

describe('the shelf of models', () => {
  it('shows a large model at once and its hash when it is known', async () => {
    const place = model('large');
    writeFileSync(path.join(place, 'model.safetensors'), tensor('lm_head.weight', 2 ** 12 + 1, 2 ** 12));
    const { id } = await add(place);
    // As it is after the weights have changed, or for what a run left.
    services.store.models.put({ ...services.store.models.get(id)!, hash: null });
    const told: Notice[] = [];
    const changed = new Promise<void>((resolve) =>
      app.notices.subscribe((notice) => {
        told.push(notice);
        if (notice.topic === 'changed' && notice.noun === 'models') resolve();
      }),
    );
    expect((await services.modelLibrary.card(id)).hash).toBeNull();
    expect((await services.modelLibrary.card(id)).hash).toBeNull();
    await changed;
    expect((await services.modelLibrary.card(id)).hash).toMatch(/^[0-9a-f]{64}$/);
    const tasks = told.flatMap((notice) => (notice.topic === 'task' ? [notice.task] : []));
    expect(tasks.at(-1)).toMatchObject({ id: `hash ${id}`, state: 'done', title: 'Hashing large' });
  });

  it('reads a folder again only when its files have changed', async () => {
    const place = model('m');
    const { id } = await add(place);
    const facts = async () => (await services.modelLibrary.list()).find((each) => each.id === id)!;
    expect(await facts()).toMatchObject({ parameters: 6, bytes: 24, dtype: 'F32', problem: null });
    const { hash } = await services.modelLibrary.card(id);
    model('m', 4);
    utimesSync(path.join(place, 'model.safetensors'), 1e9, 1e9);
    expect((await facts()).parameters).toBe(12);
    expect((await services.modelLibrary.card(id)).hash).not.toBe(hash);
    rmSync(path.join(place, 'model.safetensors'));
    expect((await facts()).problem).toMatchObject({ code: 'E_MODEL' });
    rmSync(place, { recursive: true });
    expect((await facts()).problem?.message).toContain('not there any more');
    services.modelLibrary.remove(id, true);
    expect((await services.modelLibrary.list()).map((each) => each.id)).toEqual(['preset:tiny']);
  });

  it('takes in what a run left and forgets it with the run', async () => {
    const output = path.join(folder, 'out');
    model('out/model');
    run('r1', output, 'finished');
    expect((await services.modelLibrary.list())[0]).toMatchObject({ id: 'r1', origin: 'run', run: 'r1' });
    services.store.runs.delete('r1');
    expect((await services.modelLibrary.list())[0]).toMatchObject({ id: 'r1', run: null });
    rmSync(output, { recursive: true });
    expect(await services.modelLibrary.list()).toHaveLength(1);
  });

  it('does not take in what a damaged run left', async () => {
    file('out/model/config.json', 'no JSON');
    run('r1', path.join(folder, 'out'), 'finished');
    expect(await services.modelLibrary.list()).toHaveLength(1);
  });

  it('leaves a folder out that the engine refuses, and its files alone', async () => {
    engine.refusePlans = true;
    await expect(add(model('m'))).rejects.toMatchObject({ code: 'E_UNSUPPORTED' });
    expect(await services.modelLibrary.list()).toHaveLength(1);
  });

  it('finds a model by id for a run, and a preset by its name in the library', async () => {
    const { id } = await add(model('m'));
    const resolved = (given: string, initialize?: 'random') =>
      services.models.resolve({ id: given }, initialize, (each) => each);
    expect((await resolved(id)).record).toEqual({ path: path.join(folder, 'm') });
    expect((await resolved('preset:tiny')).record).toEqual({ preset: 'tiny', vocabSize: 300 });
    await expect(resolved('nobody')).rejects.toMatchObject({ code: 'E_MODEL' });
  });
});

describe('adapters', () => {
  it('follow their base by its content wherever it lies, and lose it when it changes', async () => {
    const { id } = await add(model('first'));
    const imported = await take(adapter('a'), id);
    expect(imported.base).toBe(id);
    services.modelLibrary.remove(id, false);
    expect(services.adapterLibrary.get(imported.id).base).toBeNull();
    expect(() => services.adapterLibrary.pair(imported.id)).toThrow(/first, is not in the library/);
    const moved = await add(model('elsewhere'));
    expect(services.adapterLibrary.get(imported.id).base).toBe(moved.id);
    model('first', 9);
    await add(path.join(folder, 'first'));
    services.modelLibrary.remove(moved.id, false);
    expect(() => services.adapterLibrary.pair(imported.id)).toThrow(/has changed since/);
  });

  it('find their base by the name in their config, whatever stands before it', async () => {
    const { id } = await add(model('Whale-1B'));
    await add(model('other', 5));
    const named = adapter('a', { base_model_name_or_path: 'moby/whale-1b' });
    expect((await take(named)).base).toBe(id);
    await add(model('copies/Whale-1B', 7));
    await expect(take(named)).rejects.toMatchObject({ code: 'E_BASE' });
    await expect(take(adapter('b'))).rejects.toMatchObject({ code: 'E_BASE' });
  });

  it.each([
    ['no config', (place: string) => rmSync(path.join(place, 'adapter_config.json')), 'E_ADAPTER'],
    [
      'a config that is no JSON',
      (place: string) => writeFileSync(path.join(place, 'adapter_config.json'), '['),
      'E_ADAPTER',
    ],
    ['no tensors', (place: string) => rmSync(path.join(place, 'adapter_model.safetensors')), 'E_ADAPTER'],
    [
      'pickled tensors',
      (place: string) => {
        rmSync(path.join(place, 'adapter_model.safetensors'));
        writeFileSync(path.join(place, 'adapter_model.bin'), '');
      },
      'E_PICKLE',
    ],
  ])('are refused with %s', async (_, damage, code) => {
    const { id } = await add(model('m'));
    const place = adapter('a');
    damage(place);
    await expect(take(place, id)).rejects.toMatchObject({ code });
  });

  it('keep their folder while a run waits to begin with them', async () => {
    const { id } = await add(model('m'));
    const imported = await take(adapter('a'), id);
    const place = path.join(folder, 'home/adapters', imported.id);
    run('waiting', path.join(folder, 'w'), 'queued', { method: { name: 'ranked', initializeFrom: place } });
    expect(() => services.adapterLibrary.remove(imported.id, true)).toThrow(/“waiting” still needs/);
    services.store.runs.delete('waiting');
    services.adapterLibrary.remove(imported.id, true);
    expect(services.adapterLibrary.list()).toEqual([]);
  });
});

describe('cleaning checkpoints', () => {
  it('leaves the newest of what has ended, all of what can go on, and what a fork has yet to begin with', async () => {
    const checkpoints = (id: string): void => {
      for (const step of [1, 2, 3]) {
        const place = path.dirname(file(`${id}/checkpoints/step-${step}/state`, 'x'.repeat(10)));
        services.store.checkpoints.add(id, { step, path: place, hash: 'h' });
      }
    };
    run('ended', path.join(folder, 'ended'), 'finished');
    run('resting', path.join(folder, 'resting'), 'paused');
    run('fork', path.join(folder, 'fork'), 'queued');
    services.store.runs.update('fork', { parent: 'ended', parentStep: 1 });
    for (const id of ['ended', 'resting']) checkpoints(id);
    expect(await services.storage.clean('checkpoints')).toBe(10);
    const left = (id: string) =>
      services.store.checkpoints
        .list(id)
        .filter(({ path: place }) => existsSync(place))
        .map(({ step }) => step);
    expect([left('ended'), left('resting')]).toEqual([
      [1, 3],
      [1, 2, 3],
    ]);
  });
});

describe('what folders say', () => {
  it.each([
    ['---\nlicense: mit\n---\n', null, 'mit'],
    ['---\nlicense: other\nlicense_name: "llama3.2"\n---\n', null, 'llama3.2'],
    ['# No front matter\nlicense: mit\n', null, null],
    ['# None', '\n\n  Apache License\nVersion 2.0', 'Apache License'],
  ])('licence of %j and %j is %j', (readme, licence, expected) => {
    file('l/README.md', readme);
    if (licence) file('l/LICENSE', licence);
    expect(readLicence(path.join(folder, 'l'))).toBe(expected);
  });

  it.each([
    [{ chat_template: 'one' }, 'one'],
    [
      {
        chat_template: [
          { name: 'tool_use', template: 't' },
          { name: 'default', template: 'd' },
        ],
      },
      'd',
    ],
    [{ chat_template: 7 }, null],
    ['{', null],
  ])('chat template of %j is %j', (config, expected) => {
    const place = path.dirname(file('t/tokenizer_config.json', config));
    expect(readChatTemplate(place)).toBe(expected);
    file('t/chat_template.jinja', 'own');
    expect(readChatTemplate(place)).toBe('own');
  });

  it('tokens to stop at are those of the tokenizer and of the generation config', () => {
    const place = path.dirname(file('g/generation_config.json', { eos_token_id: [7, 9, 'x'] }));
    expect(stopTokens(place, 7)).toEqual([7, 9]);
    expect(stopTokens(path.join(folder, 'absent'), undefined)).toEqual([]);
  });

  it.each([
    [{ weight_map: { a: '../model.safetensors' } }, 'E_SAFETENSORS'],
    [{ weight_map: { a: 'model.bin' } }, 'E_PICKLE'],
    [{ weight_map: { a: 'gone.safetensors' } }, 'E_MODEL'],
    [{ weight_map: {} }, 'E_SAFETENSORS'],
    [[], 'E_SAFETENSORS'],
  ])('an index %j is refused with %s', (index, code) => {
    const place = path.dirname(file('i/model.safetensors.index.json', index));
    expect(() => weightFiles(place)).toThrow(expect.objectContaining({ code }) as Error);
  });

  it('the paper of a method is the first of its citation', async () => {
    const { methods, ...rest } = await services.methods.registry();
    const cited = methods.map((each) => ({ ...each, citation: 'A (arXiv:2106.09685); B (arXiv:2305.14314)' }));
    expect(paperOf(methods[0]!.name, { ...rest, methods: cited })).toBe('https://arxiv.org/abs/2106.09685');
    expect(() => paperOf(methods[0]!.name, { ...rest, methods })).toThrow(/No address/);
  });
});
