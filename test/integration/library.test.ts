import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { createApi } from '../../main/api/api.ts';
import { createApp, type App } from '../../main/app.ts';
import { resolvePaths } from '../../main/paths.ts';
import type { AdapterSummary } from '../../preload/contract/adapters.ts';
import type { Api } from '../../preload/contract/api.ts';
import type { ModelSummary } from '../../preload/contract/models.ts';
import type { Notice } from '../../preload/contract/notices.ts';
import { Terminal } from './command-line.ts';

const terminal = new Terminal();
const paths = {
  ...resolvePaths(),
  ...resolvePaths({ ...process.env, RANKWISE_HOME: path.join(terminal.folder, 'home') }),
};

let app: App;
let api: Api;
let told: Notice[] = [];
let base: ModelSummary;
let tuned: AdapterSummary;

const open = async (): Promise<void> => {
  app = createApp(paths);
  app.notices.subscribe((notice) => told.push(notice));
  api = await createApi(app);
};
const admit = (place: string): string => app.files.admit(place).handle;
const inFolder = (...names: string[]): string => path.join(terminal.folder, ...names);

beforeAll(async () => {
  await terminal.events('train', terminal.runFile('base', { training: { steps: 30, precision: 'f32' } }));
  const method = { name: 'lora', rank: 4 };
  const tuning = { model: { path: inFolder('out/base/model') }, initialize: 'pretrained', method };
  await terminal.events(
    'train',
    terminal.runFile('tuned', {
      ...tuning,
      optimizer: { learningRate: 1e-2 },
      training: { steps: 20, precision: 'f32' },
    }),
  );
  await open();
  base = (await api.models.list()).find((model) => model.origin === 'run')!;
  tuned = (await api.adapters.list())[0]!;
});
afterEach(() => {
  told = [];
});
afterAll(async () => {
  await app.close();
  terminal.close();
});

describe('what runs leave', () => {
  it('is in the library under the id of its run', () => {
    expect(base).toMatchObject({
      name: 'base',
      id: base.run,
      architecture: 'llama',
      dtype: 'F32',
      vocabSize: 320,
      layers: 2,
      hiddenSize: 64,
      contextLength: 128,
      tokenizer: true,
      chatTemplate: false,
      problem: null,
    });
    const attention = 2 * 64 * 64 + 2 * 64 * 32;
    expect(base.parameters).toBe(2 * 320 * 64 + 64 + 2 * (attention + 3 * 64 * 128 + 2 * 64));
    expect(tuned).toMatchObject({
      name: 'tuned',
      id: tuned.run,
      origin: 'run',
      type: 'LORA',
      method: 'lora',
      rank: 4,
      data: 'novel.txt',
      base: base.id,
      baseName: 'base',
      parents: [{ run: base.run, name: 'base' }],
      problem: null,
    });
    expect(tuned.targets).toEqual(['down_proj', 'gate_proj', 'k_proj', 'o_proj', 'q_proj', 'up_proj', 'v_proj']);
    expect(tuned.evalLoss).toBeGreaterThan(0);
  });

  it('can be trained on by that id', async () => {
    expect(await api.models.fits({ id: base.id, budgetBytes: null, sequenceLength: 32, microBatch: 1 })).toMatchObject(
      (await api.methods.registry()).methods.map(({ name, title }) => ({ method: name, title, error: null })),
    );
  });

  it('goes only with its run', async () => {
    await expect(api.models.remove({ id: base.id, files: true })).rejects.toMatchObject({ code: 'E_OWNED' });
    await expect(api.adapters.remove({ id: tuned.id, files: true })).rejects.toMatchObject({ code: 'E_OWNED' });
  });
});

describe('architectures without weights', () => {
  it('count the parameters that the engine writes', async () => {
    const [preset] = (await api.models.list()).filter((model) => model.origin === 'preset');
    const run = { model: { preset: preset!.name, vocabSize: preset!.vocabSize }, initialize: undefined };
    await terminal.events('train', terminal.runFile('preset', { ...run, training: { steps: 1, evalEvery: 0 } }));
    const written = (await api.models.list()).find((model) => model.name === 'preset')!;
    expect(written.parameters).toBe(preset!.parameters);
    expect((await api.models.card({ id: preset!.id })).hash).toBeNull();
  });
});

describe('adding a folder', () => {
  const fixture = path.resolve(import.meta.dirname, '../fixtures/logits/sharded/model');

  it('keeps it where it is, with licence and template, and knows the same content by its hash', async () => {
    const folder = inFolder('models/Whale-1B');
    cpSync(inFolder('out/base/model'), folder, { recursive: true });
    writeFileSync(path.join(folder, 'README.md'), '---\nlicense: apache-2.0\n---\n# Whale\n');
    writeFileSync(path.join(folder, 'chat_template.jinja'), '{{ messages[0].content }}');
    const added = await api.models.add({ handle: admit(folder), task: 'add' });
    expect(added).toMatchObject({ name: 'Whale-1B', origin: 'folder', licence: 'apache-2.0', chatTemplate: true });
    const card = await api.models.card({ id: added.id });
    expect(card.hash).toMatch(/^[0-9a-f]{64}$/);
    expect(card.hash).toBe((await api.models.card({ id: base.id })).hash);
    expect(card.template).toBe('{{ messages[0].content }}');
    expect(card.files.map(({ name }) => name)).toContain('model.safetensors');
    expect(told).toContainEqual({ topic: 'changed', noun: 'models' });
    expect(told.filter((notice) => notice.topic === 'task').at(-1)).toMatchObject({
      task: { id: 'add', state: 'done' },
    });
    await api.models.rename({ id: added.id, name: 'Whale' });
    expect((await api.models.add({ handle: admit(folder), task: 'again' })).name).toBe('Whale');
  });

  it.each<[string, (folder: string) => void, string, string]>([
    [
      'an architecture that the engine does not know',
      (f) => change(f, { model_type: 'gpt2' }),
      'E_UNSUPPORTED',
      'gpt2',
    ],
    ['a missing shard', (f) => rmSync(path.join(f, 'model-00002-of-00004.safetensors')), 'E_MODEL', '1 of the 4'],
    ['weights of another shape', (f) => change(f, { intermediate_size: 96 }), 'E_TENSOR', 'mlp'],
    [
      'a file that is cut off',
      (f) => {
        const file = path.join(f, 'model-00003-of-00004.safetensors');
        writeFileSync(file, readFileSync(file).subarray(0, -100));
      },
      'E_SAFETENSORS',
      'lies outside',
    ],
    [
      'pickled weights',
      (f) => {
        for (const file of readdirSync(f)) if (file.startsWith('model')) rmSync(path.join(f, file));
        writeFileSync(path.join(f, 'pytorch_model.bin'), 'pickle');
      },
      'E_PICKLE',
      'pytorch_model.bin',
    ],
  ])('refuses %s by name', async (title, damage, code, words) => {
    const folder = inFolder('damaged', title.replaceAll(' ', '-'));
    cpSync(fixture, folder, { recursive: true });
    damage(folder);
    await expect(api.models.add({ handle: admit(folder), task: 'add' })).rejects.toMatchObject({
      code,
      message: expect.stringContaining(words) as string,
    });
    expect((await api.models.list()).filter((model) => model.path?.includes('damaged'))).toEqual([]);
  });
});

describe('adapters on their way', () => {
  it('leave with a card and their lineage, and find their base by its content', async () => {
    mkdirSync(inFolder('away'));
    await api.models.card({ id: base.id });
    const { path: shown } = await api.adapters.export({ id: tuned.id, folder: admit(inFolder('away')), task: 'out' });
    expect(shown.endsWith(path.join('away', 'tuned'))).toBe(true);
    const config = readFileSync(inFolder('away/tuned/adapter_config.json'), 'utf8');
    expect(config).not.toContain(terminal.folder);
    expect(JSON.parse(config)).toMatchObject({ base_model_name_or_path: 'base', r: 4 });
    expect(readFileSync(inFolder('away/tuned/README.md'), 'utf8')).toContain('| Data | novel.txt |');
    const imported = await api.adapters.import({ handle: admit(inFolder('away/tuned')), base: null, task: 'in' });
    expect(imported).toMatchObject({ origin: 'imported', base: base.id, method: 'lora', evalLoss: tuned.evalLoss });
    expect(await api.adapters.norms({ id: imported.id })).toEqual(await api.adapters.norms({ id: tuned.id }));
  });

  it('are refused for another base, for a base that nobody knows, and for what the engine does not compute', async () => {
    const other = await api.models.add({
      handle: admit(path.resolve(import.meta.dirname, '../fixtures/logits/mistral/model')),
      task: 'add',
    });
    const importing = (folder: string, model: string | null) =>
      api.adapters.import({ handle: admit(folder), base: model, task: 'in' });
    await expect(importing(inFolder('away/tuned'), other.id)).rejects.toMatchObject({ code: 'E_ADAPTER' });
    const stranger = inFolder('away/stranger');
    cpSync(path.resolve(import.meta.dirname, '../fixtures/lora/all-linear/adapter'), stranger, { recursive: true });
    change(stranger, { base_model_name_or_path: 'org/Unseen-7B' }, 'adapter_config.json');
    await expect(importing(stranger, null)).rejects.toMatchObject({
      code: 'E_BASE',
      message: expect.stringContaining('Unseen-7B') as string,
    });
    change(inFolder('away/tuned'), { use_dora: true }, 'adapter_config.json');
    await expect(importing(inFolder('away/tuned'), base.id)).rejects.toMatchObject({
      code: 'E_UNSUPPORTED',
      message: expect.stringContaining('DoRA') as string,
    });
    expect(readdirSync(inFolder('home/adapters'))).toHaveLength(1);
    await api.models.remove({ id: other.id, files: true });
    expect(existsSync(path.resolve(import.meta.dirname, '../fixtures/logits/mistral/model/config.json'))).toBe(true);
  });
});

describe('baking', () => {
  it('writes a model that says what the pair says, and tells how exactly', async () => {
    const request = { id: tuned.id, scale: 1, name: 'Baked whale', dtype: 'float32' as const };
    const baked = await api.adapters.bake({ ...request, task: 'bake' });
    expect(baked).toMatchObject({ name: 'Baked whale', origin: 'baked', tokenizer: true, parameters: base.parameters });
    const { baked: made } = await api.models.card({ id: baked.id });
    expect(made!.recipe).toMatchObject({ base: base.id, adapterName: 'tuned', scale: 1, dtype: 'float32' });
    expect(made!.receipt.agreement).toBe(1);
    expect(made!.receipt.maxDifference).toBeLessThan(1e-3);
    expect(made!.receipt.positions).toBeGreaterThan(40);
    const [pair, one, alone, muted] = await api.playground.generate({
      session: 'baked',
      panes: [
        { model: base.id, adapter: tuned.id, adapterScale: 1 },
        { model: baked.id, adapter: null, adapterScale: 1 },
        { model: base.id, adapter: null, adapterScale: 1 },
        { model: base.id, adapter: tuned.id, adapterScale: 0 },
      ],
      prompt: 'The whale',
      chat: false,
      maxTokens: 16,
      temperature: 0.8,
      topP: 0.9,
      seed: 7,
    });
    expect(pair!.error).toBeNull();
    expect(one!.text).toBe(pair!.text);
    expect(muted!.text).toBe(alone!.text);
    expect(alone!.text).not.toBe(pair!.text);
  });

  it('tells how far bfloat16 is from it', async () => {
    const baked = await api.adapters.bake({ id: tuned.id, scale: 0.5, name: 'Half', dtype: 'bfloat16', task: 'half' });
    const { baked: made } = await api.models.card({ id: baked.id });
    expect(baked.dtype).toBe('BF16');
    expect(made!.receipt.maxDifference).toBeGreaterThan(1e-3);
    expect(made!.receipt.agreement).toBeGreaterThan(0.8);
    await api.models.remove({ id: baked.id, files: true });
    expect(readdirSync(inFolder('home/models'))).toHaveLength(1);
  });

  it('leaves nothing when it is cancelled in the middle of its tensors', async () => {
    const before = readdirSync(inFolder('home/models'));
    // Through the service: a task's progress is told thinned, and this model is written between two tellings.
    const { bake } = await app.open();
    const leaving = new AbortController();
    const halfWay = (done: number, total?: number | null): void => {
      if (total && done / total >= 0.5) leaving.abort();
    };
    const request = { id: tuned.id, scale: 1, name: 'Half-way', dtype: 'float32' } as const;
    await expect(bake.bake(request, halfWay, leaving.signal)).rejects.toThrow();
    expect(leaving.signal.aborted).toBe(true);
    expect(readdirSync(inFolder('home/models'))).toEqual(before);
    expect((await api.models.list()).map(({ name }) => name)).not.toContain('Half-way');
  });

  it('leaves nothing when it is cancelled or refused', async () => {
    const before = readdirSync(inFolder('home/models'));
    const cancelled = api.adapters.bake({ id: tuned.id, scale: 1, name: 'Never', dtype: 'float32', task: 'never' });
    await api.tasks.cancel({ id: 'never' });
    await expect(cancelled).rejects.toMatchObject({ code: 'E_CANCELLED' });
    await api.system.change({ memoryBudget: 64 * 2 ** 20 });
    const small = await api.models.fits({
      id: 'preset:llama-60m',
      budgetBytes: null,
      sequenceLength: 64,
      microBatch: 1,
    });
    expect(small.every(({ fits }) => !fits)).toBe(true);
    await api.system.change({ memoryBudget: null });
    expect(readdirSync(inFolder('home/models'))).toEqual(before);
  });
});

describe('the playground', () => {
  const request = {
    panes: [{ model: '', adapter: null, adapterScale: 1 }],
    prompt: 'Call me',
    chat: false,
    maxTokens: 24,
    temperature: 1,
    topP: 1,
    seed: 3,
  };

  it('keeps the files of what it computes with', async () => {
    const baked = await api.adapters.bake({ id: tuned.id, scale: 1, name: 'Busy', dtype: 'float32', task: 'busy' });
    const panes = [{ ...request.panes[0]!, model: baked.id }];
    const answers = api.playground.generate({ ...request, maxTokens: 64, panes, session: 'busy' });
    await expect(api.models.remove({ id: baked.id, files: true })).rejects.toMatchObject({
      code: 'E_BUSY',
      message: '“Busy” is in use: text is being generated with it.',
    });
    expect((await answers)[0]!.error).toBeNull();
    await api.models.remove({ id: baked.id, files: true });
    expect(readdirSync(inFolder('home/models'))).toHaveLength(1);
  });

  it('streams tokens whose texts make up the text, each with its probability and the likeliest in its place', async () => {
    const panes = [{ ...request.panes[0]!, model: base.id }];
    const [result] = await api.playground.generate({ ...request, panes, session: 'one' });
    const notices = told.filter((notice) => notice.topic === 'tokens');
    expect(notices.flatMap(({ tokens }) => tokens)).toEqual(result!.tokens);
    expect(notices.at(-1)!.text).toBe(result!.text);
    expect(result!.tokens.map(({ text }) => text).join('')).toBe(result!.text);
    for (const { text, probability, alternatives } of result!.tokens) {
      expect(alternatives).toHaveLength(5);
      expect(probability).toBeGreaterThan(0);
      expect(alternatives.reduce((sum, each) => sum + each.probability, 0)).toBeLessThanOrEqual(1 + 1e-6);
      if (alternatives[0]!.probability === probability) expect(alternatives[0]!.text).toBe(text);
    }
  });

  it('answers a chat through the template of the folder', async () => {
    const panes = [{ ...request.panes[0]!, model: base.id }];
    const chat = (await api.playground.generate({ ...request, panes, chat: true, session: 'chat' }))[0]!;
    const plain = (await api.playground.generate({ ...request, panes, session: 'plain' }))[0]!;
    expect(chat.error).toBeNull();
    expect(chat.text).not.toBe(plain.text);
  });

  it('goes on with the other panes where one cannot answer, and stops when it is cancelled', async () => {
    const mistral = path.resolve(import.meta.dirname, '../fixtures/logits/mistral/model');
    const other = await api.models.add({ handle: admit(mistral), task: 'add' });
    const panes = [
      { model: other.id, adapter: null, adapterScale: 1 },
      { model: other.id, adapter: tuned.id, adapterScale: 1 },
      { model: base.id, adapter: null, adapterScale: 1 },
    ];
    const results = await api.playground.generate({ ...request, panes, session: 'mixed' });
    expect(results.map(({ error }) => error?.code)).toEqual(['E_TOKENIZER', 'E_BASE', undefined]);
    const long = { ...request, maxTokens: 100, panes: [panes[2]!, panes[2]!], session: 'long' };
    const generating = api.playground.generate(long);
    await api.playground.cancel({ session: 'long' });
    const cut = await generating;
    expect(cut[0]!.tokens.length).toBeLessThan(100);
    expect(cut[1]!.error?.code).toBe('E_CANCELLED');
    await api.models.remove({ id: other.id, files: false });
  });
});

describe('system', () => {
  it('knows machine, memory and disk', async () => {
    const info = await api.system.info();
    expect(info).toMatchObject({ electron: null, engine: { up: true } });
    expect(info.ownBytes).toBeGreaterThan(1e7);
    const use = await api.system.storage();
    expect(use.map(({ what }) => what)).toEqual([
      'runs',
      'checkpoints',
      'models',
      'downloads',
      'adapters',
      'datasets',
      'cache',
      'records',
    ]);
    const superseded = use.find(({ what }) => what === 'checkpoints')!.cleanableBytes;
    expect(superseded).toBeGreaterThan(0);
    expect(await api.system.clean({ what: 'checkpoints' })).toBe(superseded);
    for (const run of ['base', 'tuned']) expect(readdirSync(inFolder('out', run, 'checkpoints'))).toHaveLength(1);
    expect(await api.system.clean({ what: 'cache' })).toBeGreaterThan(0);
    expect((await api.system.storage()).every(({ cleanableBytes }) => cleanableBytes === 0)).toBe(true);
  });
});

describe('the terminal', () => {
  const model = inFolder('out/base/model');
  const adapter = inFolder('out/tuned/adapter');
  const generate = async (...args: string[]) =>
    (await terminal.ask<{ tokenIds: number[] }>('generate', '--prompt', 'The whale', '--max-tokens', '12', ...args))
      .tokenIds;

  it('exports a model with an adapter folded in, and an adapter with its lineage', async () => {
    const where = ['--model', model, '--adapter', adapter, '--output'];
    const whole = await terminal.ask<{ bytes: number }>('export', ...where, 'whole', '--to', 'safetensors');
    expect(whole.bytes).toBeGreaterThan(4 * base.parameters);
    expect(await generate('--model', 'whole')).toEqual(await generate('--model', model, '--adapter', adapter));
    await terminal.ask('export', ...where, 'alone', '--to', 'peft');
    expect(readFileSync(inFolder('alone/README.md'), 'utf8')).toContain('| Evaluation loss |');
    expect(await generate('--model', model, '--adapter', 'alone')).toEqual(
      await generate('--model', model, '--adapter', adapter),
    );
    const again = await terminal.start(['export', ...where, 'alone', '--to', 'peft']);
    expect([again.status, again.stderr.split(':')[0]]).toEqual([1, 'E_OUTPUT']);
    const halved = ['export', '--model', model, '--output', 'half', '--to', 'safetensors', '--dtype', 'bfloat16'];
    const half = await terminal.ask<{ bytes: number }>(...halved);
    expect(half.bytes).toBeLessThan(whole.bytes);
  });

  it('imports what the window then shows', async () => {
    const added = await terminal.ask<ModelSummary>('import', 'model', 'whole');
    expect((await api.models.list()).find(({ id }) => id === added.id)).toEqual(added);
    const imported = await terminal.ask<AdapterSummary>('import', 'adapter', 'alone', '--base', added.id);
    expect((await api.adapters.list()).find(({ id }) => id === imported.id)?.base).toBe(added.id);
  });

  it.each([
    [['export', '--model', 'm', '--output', 'o', '--to', 'onnx']],
    [['export', '--model', 'm', '--output', 'o', '--to', 'peft']],
  ])('ends %j with 2', async (args) => {
    const { status, stderr } = await terminal.start(args);
    expect([status, stderr]).toEqual([2, expect.stringContaining('error: ')]);
  });
});

describe('after the database was lost', () => {
  it('the library is made anew from the files', async () => {
    const known = async () => ({
      models: (await api.models.list()).map(({ id, name, origin }) => ({ id, name, origin })),
      adapters: (await api.adapters.list()).map(({ addedAt: _, ...adapter }) => adapter).sort(byId),
      merges: (await api.models.list()).filter(({ origin }) => origin === 'baked').map(({ id }) => id),
    });
    const before = await known();
    const receipt = (await api.models.card({ id: before.merges[0]! })).baked;
    await app.close();
    for (const file of readdirSync(paths.home)) if (file.startsWith('rankwise.db')) rmSync(path.join(paths.home, file));
    await open();
    await expect.poll(() => api.tasks.list(), { timeout: 30_000 }).toEqual([]);
    expect(await known()).toEqual(before);
    expect((await api.models.card({ id: before.merges[0]! })).baked).toEqual(receipt);
    expect(await api.system.rescan({ task: 'rescan' })).toMatchObject({
      runs: 0,
      models: 0,
      adapters: 0,
      problems: [],
    });
  });
});

const byId = (a: { id: string }, b: { id: string }): number => a.id.localeCompare(b.id);

function change(folder: string, values: object, name = 'config.json'): void {
  const file = path.join(folder, name);
  writeFileSync(file, JSON.stringify({ ...(JSON.parse(readFileSync(file, 'utf8')) as object), ...values }));
}
