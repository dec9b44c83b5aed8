import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createApi } from '../../main/api/api.ts';
import { createApp, type App } from '../../main/app.ts';
import type { TokenizerJson } from '../../main/data/bpe-trainer.ts';
import { loadTokenizer } from '../../main/data/tokenizer.ts';
import { InProcessHost } from '../../main/engine/inprocess.ts';
import { readSafetensorsHeader } from '../../main/formats/safetensors.ts';
import { resolvePaths } from '../../main/paths.ts';
import { GgufModels } from '../../main/services/gguf-models.ts';
import { heldOutPrompts } from '../../main/services/held-out-prompts.ts';
import type { GgufType } from '../../preload/contract/exports.ts';
import type { ModelSummary } from '../../preload/contract/models.ts';
import { spaceTokenizerJson } from '../unit/tiny-tokenizers.ts';
import { novel, Terminal } from './command-line.ts';
import { chatTokenizer, type RandomModel, writeRandomModel } from './random-model.ts';

const terminal = new Terminal();
const inFolder = (...names: string[]): string => path.join(terminal.folder, ...names);
const bytes = chatTokenizer(novel.slice(0, 40_000), 350);
const pieces = spaceTokenizerJson(['<|endoftext|>', '<|im_end|>'], true) as unknown as TokenizerJson;
const never = new AbortController().signal;
const host = new InProcessHost(resolvePaths().addon);
let app: App;

beforeAll(() => {
  app = createApp({ ...resolvePaths(), ...resolvePaths({ ...process.env, RANKWISE_HOME: inFolder('home') }) });
  mkdirSync(inFolder('files'));
});
afterAll(async () => {
  await app.close();
  terminal.close();
});

const ropeOf = (more: object) => ({ rope_scaling: { factor: 8, ...more } });
const LONGROPE = {
  partial_rotary_factor: 0.5,
  max_position_embeddings: 512,
  rope_scaling: { type: 'longrope', short_factor: [1, 1.1, 1.2, 1.3], long_factor: [2, 3, 4, 5] },
};
const LLAMA3 = { rope_type: 'llama3', low_freq_factor: 1, high_freq_factor: 4, original_max_position_embeddings: 32 };
const MODELS: Record<string, [RandomModel, TokenizerJson]> = {
  llama: [{ architecture: 'llama', hidden: 256, intermediate: 256 }, bytes],
  pieces: [{ architecture: 'llama' }, pieces],
  qwen2: [{ architecture: 'qwen2' }, bytes],
  qwen3: [{ architecture: 'qwen3', headDim: 32, config: { tie_word_embeddings: true } }, bytes],
  llama3: [{ architecture: 'llama', config: ropeOf(LLAMA3) }, bytes],
  linear: [{ architecture: 'llama', config: ropeOf({ rope_type: 'linear' }) }, bytes],
  bias: [{ architecture: 'llama', config: { attention_bias: true, mlp_bias: true } }, bytes],
  gemma3: [{ architecture: 'gemma3_text', layers: 7, headDim: 32 }, pieces],
  gemma2: [{ architecture: 'gemma2', layers: 3 }, pieces],
  gemma: [{ architecture: 'gemma', headDim: 32 }, pieces],
  phi3: [{ architecture: 'phi3', hidden: 256, intermediate: 256, heads: 16, config: LONGROPE }, pieces],
  olmo2: [{ architecture: 'olmo2' }, bytes],
};

async function exported(name: string, type: GgufType): Promise<string> {
  const [model, tokenizer] = MODELS[name]!;
  writeRandomModel(inFolder(name), model, tokenizer);
  const file = inFolder('files', `${name}-${type}.gguf`);
  rmSync(file, { force: true });
  await app.gguf.write({ model: inFolder(name), name, adapter: null, type }, file, () => undefined, never);
  return file;
}

const unpack = (file: string, output: string, more: object = {}, signal = never, onProgress = () => {}) =>
  app.ggufImport.unpack({ file, output, dtype: 'exact', tokenizer: null, ...more }, onProgress, signal);

function tensorsOf(folder: string): Map<string, Buffer> {
  const file = path.join(folder, 'model.safetensors');
  const data = readFileSync(file);
  return new Map(
    [...readSafetensorsHeader(file)].map(([name, { begin, end }]) => [name, data.subarray(begin, end)] as const),
  );
}

/** The file with a rule for words that nobody knows. */
function withOtherRule(source: string, file: string): string {
  const name = Buffer.from('tokenizer.ggml.pre');
  const data = readFileSync(source);
  const at = data.indexOf(name) + name.length + 4 + 8;
  expect(data.toString('latin1', at, at + 5)).toBe('gpt-2');
  data.write('other', at, 'latin1');
  writeFileSync(file, data);
  return file;
}

describe('a GGUF file made into a model folder', () => {
  it.each(Object.keys(MODELS))(
    'has the bits of %s, which it was written from, and cuts text as it did',
    async (name) => {
      const output = inFolder(`${name}-back`);
      expect(await unpack(await exported(name, 'f32'), output)).toMatchObject({ dtype: 'float32' });
      const [before, after] = [tensorsOf(inFolder(name)), tensorsOf(output)];
      expect([...after.keys()].sort()).toEqual([...before.keys()].sort());
      for (const [tensor, values] of before) expect(after.get(tensor)!.equals(values), tensor).toBe(true);
      const [own, back] = [loadTokenizer(inFolder(name)), loadTokenizer(output)];
      for (const text of ['Call me Ishmael.', ' 1851  é😀\n', 'bye<|im_end|>Hi'])
        expect(back.encode(text), text).toEqual(own.encode(text));
      expect(back.ownTemplate).toBe(own.ownTemplate);
      const job = {
        kind: 'logits-compare',
        model: inFolder(name),
        adapter: null,
        adapterScale: 1,
        other: output,
      } as const;
      const ids = heldOutPrompts(output);
      const compared = await host.start({ ...job, precision: 'f32', storage: 'dense', ids }).result;
      expect(compared.maxDifference).toBeLessThan(name === 'llama3' ? 1e-4 : Number.MIN_VALUE);
    },
  );

  it.each<[string, GgufType]>([
    ['llama', 'bf16'],
    ['llama', 'q8_0'],
    ['llama', 'q4_k_m'],
    ['gemma3', 'q8_0'],
    ['gemma2', 'q8_0'],
    ['gemma', 'q8_0'],
    ['phi3', 'q4_k_m'],
    ['olmo2', 'q8_0'],
  ])('computes what the file itself computes: %s, %s', async (name, type) => {
    const file = await exported(name, type);
    const output = inFolder(`${name}-${type}`);
    await unpack(file, output);
    const job = { kind: 'logits-compare', model: file, adapter: null, adapterScale: 1, other: output } as const;
    const ids = heldOutPrompts(output);
    const compared = await host.start({ ...job, precision: 'f32', storage: 'dense', ids }).result;
    expect(compared.maxDifference).toBe(0);
  });

  it('is bfloat16 only where that keeps every value', async () => {
    const rounded = inFolder('rounded');
    const file = await exported('llama', 'bf16');
    expect(await unpack(file, rounded, { dtype: 'bfloat16' })).toMatchObject({ dtype: 'bfloat16' });
    expect(await unpack(file, inFolder('float'))).toMatchObject({ dtype: 'float32' }); // its norms are float32
    const again = inFolder('files', 'rounded.gguf');
    const request = { model: rounded, name: 'rounded', adapter: null, type: 'bf16' as const };
    await app.gguf.write(request, again, () => undefined, never);
    expect(await unpack(again, inFolder('rounded-back'))).toMatchObject({ dtype: 'bfloat16' });
    expect(tensorsOf(inFolder('rounded-back'))).toEqual(tensorsOf(rounded));
  });

  it('takes the memory of a few tensors, however many there are', async () => {
    const peakOf = async (layers: number): Promise<number> => {
      MODELS.deep = [{ architecture: 'llama', layers }, bytes];
      const model = await exported('deep', 'q8_0');
      const job = { kind: 'merge', model, adapter: null, adapterScale: 1, dtype: 'float32', threads: 1 } as const;
      return (await host.start({ ...job, output: inFolder(`deep-${layers}`) }).result).peakBytes;
    };
    expect(await peakOf(12)).toBe(await peakOf(2));
  });

  it('takes another tokenizer where its own is not read here', async () => {
    const file = withOtherRule(await exported('llama', 'q8_0'), inFolder('files', 'other.gguf'));
    await expect(unpack(file, inFolder('other'))).rejects.toMatchObject({
      code: 'E_TOKENIZER',
      message: expect.stringContaining('“other”') as string,
    });
    expect(existsSync(inFolder('other'))).toBe(false);
    await unpack(file, inFolder('other'), { tokenizer: inFolder('llama') });
    expect(readFileSync(inFolder('other', 'tokenizer.json'))).toEqual(
      readFileSync(inFolder('llama', 'tokenizer.json')),
    );
    const wrong = inFolder('wrong');
    const reads = (message: string) => ({ code: 'E_TOKENIZER', message: expect.stringContaining(message) as string });
    await expect(unpack(file, wrong, { tokenizer: inFolder('files') })).rejects.toMatchObject(reads('cannot be read'));
    writeRandomModel(inFolder('larger'), { architecture: 'llama' }, chatTokenizer(novel.slice(0, 40_000), 500));
    await expect(unpack(file, wrong, { tokenizer: inFolder('larger') })).rejects.toMatchObject(reads('the model has'));
    expect(existsSync(wrong)).toBe(false);
  });

  it('leaves nothing when it is cancelled, and takes the place of nothing', async () => {
    const file = await exported('llama', 'q8_0');
    const controller = new AbortController();
    await expect(unpack(file, inFolder('none'), {}, controller.signal, () => controller.abort())).rejects.toMatchObject(
      { code: 'E_CANCELLED' },
    );
    expect(readdirSync(terminal.folder).filter((name) => name.includes('none'))).toEqual([]);
    mkdirSync(inFolder('there'));
    await expect(unpack(file, inFolder('there'))).rejects.toMatchObject({ code: 'E_OUTPUT' });
    await expect(unpack(inFolder('nothing.gguf'), inFolder('none'))).rejects.toMatchObject({ code: 'E_MODEL' });
    writeFileSync(inFolder('text.gguf'), 'not a model');
    await expect(unpack(inFolder('text.gguf'), inFolder('none'))).rejects.toMatchObject({ code: 'E_GGUF' });
  });

  it('goes into the library and trains', async () => {
    const file = await exported('llama', 'q4_k_m');
    const model = await terminal.ask<ModelSummary>('import', 'model', file, '--dtype', 'bfloat16');
    expect(model).toMatchObject({ name: 'llama-q4_k_m', dtype: 'BF16', tokenizer: true, chatTemplate: true });
    const training = { steps: 2, precision: 'f32' };
    const run = { model: { id: model.id }, initialize: 'pretrained', method: { name: 'lora', rank: 2 }, training };
    const events = await terminal.events('train', terminal.runFile('tuned', run));
    expect(events.at(-1)).toMatchObject({ type: 'done' });
  });
});

describe('a GGUF file on its way into the library', () => {
  const handleOf = (...names: string[]): string => app.files.admit(inFolder(...names)).handle;

  it('is told before, goes where nothing is yet, and is remembered by its model', async () => {
    const api = await createApi(app);
    const file = await exported('llama', 'q8_0');
    mkdirSync(inFolder('files', 'llama-q8_0'));
    const asked = { handle: app.files.admit(file).handle, folder: null, tokenizer: null };
    const told = await api.models.inspectGguf(asked);
    expect(told).toMatchObject({
      fileName: 'llama-q8_0.gguf',
      name: 'llama',
      architecture: 'llama',
      exact: 'float32',
      sizes: { float32: told.parameters * 4, bfloat16: told.parameters * 2 },
      tokenizer: { chatTemplate: true, problem: null },
      otherProblem: null,
      output: expect.stringMatching(/files.llama-q8_0-2$/) as string,
    });
    const types = Object.values(told.types).reduce((sum, n) => sum + n, 0);
    expect(types).toBe(21);
    const model = await api.models.unpackGguf({ ...asked, dtype: 'exact', task: 'unpack' });
    expect(model).toMatchObject({ name: 'llama-q8_0-2', origin: 'folder', dtype: 'F32', parameters: told.parameters });
    expect(model.bytes).toBeGreaterThanOrEqual(told.sizes.float32);
    const { unpacked } = await api.models.card({ id: model.id });
    expect(unpacked).toEqual({ file: 'llama-q8_0.gguf', types: told.types });
    mkdirSync(inFolder('given'));
    const given = { ...asked, folder: handleOf('given') };
    expect((await api.models.inspectGguf(given)).output).toMatch(/given.llama-q8_0$/);
  });

  it('is refused in words, and leaves nothing when it is cancelled or not taken in', async () => {
    const api = await createApi(app);
    const file = withOtherRule(await exported('llama', 'q8_0'), inFolder('files', 'rule.gguf'));
    const asked = { handle: app.files.admit(file).handle, folder: null, tokenizer: null };
    const problem = { code: 'E_TOKENIZER', message: expect.stringContaining('“other”') as string };
    expect(await api.models.inspectGguf(asked)).toMatchObject({ tokenizer: { problem } });
    const wrong = await api.models.inspectGguf({ ...asked, tokenizer: handleOf('files') });
    expect(wrong.otherProblem).toMatchObject({ code: 'E_TOKENIZER' });
    const whole = { ...asked, tokenizer: handleOf('llama'), dtype: 'exact' as const };
    expect((await api.models.inspectGguf({ ...asked, tokenizer: whole.tokenizer })).otherProblem).toBeNull();
    const left = (): string[] => readdirSync(inFolder('files')).filter((name) => /rule(?!\.gguf)/.test(name));
    const stop = app.notices.subscribe((notice) => {
      if (notice.topic === 'task' && notice.task.title.startsWith('Unpacking')) app.tasks.cancel(notice.task.id);
    });
    const taken = api.models.unpackGguf({ ...whole, task: 'unpack' });
    await expect(taken).rejects.toMatchObject({ code: 'E_CANCELLED' });
    stop();
    expect(left()).toEqual([]);
    // What the library refuses does not stay either.
    const { ggufImport, files } = app;
    const { settings } = await app.open();
    const library = { add: () => Promise.reject(new Error('full')) };
    const models = new GgufModels({ ggufImport, library, settings, files });
    const request = { file, output: null, dtype: 'exact' as const, tokenizer: inFolder('llama') };
    await expect(models.take(request, () => undefined, never)).rejects.toThrow('full');
    expect(left()).toEqual([]);
  });
});
