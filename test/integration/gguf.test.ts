import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createApi } from '../../main/api/api.ts';
import { createApp, type App } from '../../main/app.ts';
import { resolvePaths } from '../../main/paths.ts';
import { GGUF_TYPES, type GgufReceipt, type GgufType } from '../../preload/contract/exports.ts';
import { novel, Terminal } from './command-line.ts';
import { CHATML, chatTokenizer, type RandomModel, writeRandomAdapter, writeRandomModel } from './random-model.ts';

const terminal = new Terminal();
const inFolder = (...names: string[]): string => path.join(terminal.folder, ...names);
const tokenizer = chatTokenizer(novel.slice(0, 40_000), 350);
const never = new AbortController().signal;
let app: App;

beforeAll(() => {
  app = createApp({ ...resolvePaths(), ...resolvePaths({ ...process.env, RANKWISE_HOME: inFolder('home') }) });
  mkdirSync(inFolder('files'));
});
afterAll(async () => {
  await app.close();
  terminal.close();
});

const write = (name: string, type: GgufType, signal = never, file = inFolder('files', `${name}-${type}.gguf`)) =>
  app.gguf.write({ model: inFolder(name), name, adapter: null, type }, file, () => undefined, signal);
const ropeOf = (more: object) => ({ rope_scaling: { factor: 8, ...more } });
const LONGROPE = {
  partial_rotary_factor: 0.5,
  max_position_embeddings: 512,
  rope_scaling: { type: 'longrope', short_factor: [1, 1.1, 1.2, 1.3], long_factor: [2, 3, 4, 5] },
};
const LLAMA3 = { rope_type: 'llama3', low_freq_factor: 1, high_freq_factor: 4, original_max_position_embeddings: 32 };

const MODELS: Record<string, RandomModel> = {
  llama: { architecture: 'llama' },
  mistral: { architecture: 'mistral', headDim: 32 },
  qwen2: { architecture: 'qwen2' },
  qwen3: { architecture: 'qwen3', headDim: 32, config: { tie_word_embeddings: true } },
  llama3: { architecture: 'llama', config: ropeOf(LLAMA3) },
  linear: { architecture: 'llama', config: ropeOf({ rope_type: 'linear' }) },
  bias: { architecture: 'llama', config: { attention_bias: true, mlp_bias: true } },
  wide: { architecture: 'llama', hidden: 256, intermediate: 256, layers: 4 },
  odd: { architecture: 'llama', hidden: 48, intermediate: 80 },
  gemma3: { architecture: 'gemma3_text', layers: 7, headDim: 32 },
  gemma2: { architecture: 'gemma2', layers: 3 },
  gemma: { architecture: 'gemma', headDim: 32 },
  phi3: { architecture: 'phi3', config: LONGROPE },
  olmo2: { architecture: 'olmo2' },
};
const counts = ({ types }: GgufReceipt) => Object.fromEntries(types.map(({ type, tensors }) => [type, tensors]));

describe('a GGUF file', () => {
  it.each(Object.entries(MODELS))('of %s is proved in every type', async (name, model) => {
    writeRandomModel(inFolder(name), model, tokenizer);
    for (const type of GGUF_TYPES) {
      const plan = await app.gguf.plan({ model: inFolder(name), name, adapter: null, type });
      const receipt = await write(name, type);
      const file = inFolder('files', `${name}-${type}.gguf`);
      const bytes = readFileSync(file);
      expect(receipt.bytes).toBe(bytes.length);
      expect(receipt.sha256).toBe(createHash('sha256').update(bytes).digest('hex'));
      expect(plan).toMatchObject({ bytes: receipt.bytes, tensors: receipt.tensors, types: counts(receipt) });
      expect(JSON.parse(readFileSync(`${file}.receipt.json`, 'utf8'))).toEqual(receipt);
      expect(receipt.logits.maxDifference).toBeLessThan({ f32: 1e-5, bf16: 0.3, f16: 0.05 }[type as string] ?? 20);
      expect(receipt.types.find((each) => each.type === 'F32')!.maxError).toBe(0);
    }
  });

  it('is for as many tokens as fit into a window, where the model has one', async () => {
    const windowed = { architecture: 'mistral' as const, config: { sliding_window: 64 } };
    writeRandomModel(inFolder('windowed'), windowed, tokenizer);
    const receipt = await write('windowed', 'f32');
    expect(receipt.notes).toEqual([expect.stringContaining('The file is for 64 tokens')]);
    expect(receipt.logits.maxDifference).toBeLessThan(1e-5);
  });

  it('has the finer types where they matter, and F16 where rows do not divide', async () => {
    const types = (name: string, type: GgufType) =>
      app.gguf.plan({ model: inFolder(name), name, adapter: null, type }).then((plan) => plan.types);
    expect(await types('wide', 'q4_k_m')).toEqual({ F32: 9, Q4_K: 25, Q6_K: 5 });
    expect(await types('llama', 'q4_0')).toEqual({ F32: 5, Q4_0: 15, Q8_0: 1 });
    expect(await types('odd', 'q8_0')).toEqual({ F32: 5, F16: 16 });
  });

  it('holds tokenizer and chat template, and the Modelfile the same where its spelling is known', async () => {
    const file = inFolder('files', 'llama-q8_0.gguf');
    const text = readFileSync(file, 'latin1');
    expect(text).toContain(Buffer.from(CHATML).toString('latin1'));
    const modelfile = readFileSync(inFolder('files', 'llama-q8_0.Modelfile'), 'utf8');
    expect(modelfile).toContain('FROM ./llama-q8_0.gguf\nTEMPLATE """{{ range .Messages }}<|im_start|>');
    writeRandomModel(inFolder('other'), MODELS.llama!, tokenizer, '{{ messages[0].content }}');
    expect((await write('other', 'q8_0')).modelfileTemplate).toBe(false);
    expect(readFileSync(inFolder('files', 'other-q8_0.Modelfile'), 'utf8')).not.toContain('TEMPLATE');
  });
});

describe('what is not written', () => {
  const left = () => readdirSync(inFolder('files')).filter((name) => name.includes('part') || name.includes('none'));
  const none = inFolder('files', 'none.gguf');

  it.each([0, 1, 2])('leaves nothing when it is cancelled, at stage %d', async (stage) => {
    const controller = new AbortController();
    let titles = 0;
    const request = { model: inFolder('llama'), name: 'llama', adapter: null, type: 'q8_0' as const };
    if (stage === 0) controller.abort();
    const work = app.gguf.write(
      request,
      none,
      (done, _total, title) => {
        if (stage === 1 && done === 25) controller.abort();
        if (stage === 2 && title && ++titles === 2) controller.abort();
      },
      controller.signal,
    );
    await expect(work).rejects.toThrow();
    expect(left()).toEqual([]);
  });

  it('is what the format or its readers cannot say', async () => {
    const refused = (name: string, model: RandomModel, json = tokenizer): Promise<unknown> => {
      writeRandomModel(inFolder(name), model, json);
      return app.gguf.write({ model: inFolder(name), name, adapter: null, type: 'f16' }, none, () => undefined, never);
    };
    const qwen3 = { architecture: 'qwen3' as const, headDim: 32 };
    await expect(refused('q', { ...qwen3, config: { attention_bias: true } })).rejects.toMatchObject({
      code: 'E_UNSUPPORTED',
      message: expect.stringContaining('attention_bias') as string,
    });
    await expect(refused('r', { ...qwen3, config: ropeOf(LLAMA3) })).rejects.toMatchObject({ code: 'E_UNSUPPORTED' });
    const says = (what: string) => ({ code: 'E_UNSUPPORTED', message: expect.stringContaining(what) as string });
    const gemma = (architecture: RandomModel['architecture'], config: Record<string, unknown>): RandomModel => ({
      architecture,
      config,
    });
    await expect(refused('o', gemma('gemma', { tie_word_embeddings: false }))).rejects.toMatchObject(
      says('tie_word_embeddings'),
    );
    await expect(refused('s', gemma('gemma2', { query_pre_attn_scalar: 224 }))).rejects.toMatchObject(
      says('query_pre_attn_scalar'),
    );
    await expect(refused('c', gemma('gemma2', { final_logit_softcapping: null }))).rejects.toMatchObject(
      says('final_logit_softcapping'),
    );
    await expect(refused('l', gemma('gemma3_text', { rope_local_base_freq: 5000 }))).rejects.toMatchObject(
      says('rope_local_base_freq'),
    );
    await expect(refused('t', gemma('gemma3_text', { sliding_window_pattern: 2 }))).rejects.toMatchObject(
      says('layer_types'),
    );
    await expect(refused('g', { architecture: 'llama', gain: 1e6 })).rejects.toMatchObject({ code: 'E_RANGE' });
    const words = { ...tokenizer, model: { ...tokenizer.model, type: 'WordPiece' } } as unknown as typeof tokenizer;
    await expect(refused('w', { architecture: 'llama' }, words)).rejects.toMatchObject({
      code: 'E_TOKENIZER',
      message: expect.stringContaining('WordPiece') as string,
    });
    const cut = { ...tokenizer, pre_tokenizer: { type: 'ByteLevel', add_prefix_space: true } };
    await expect(refused('p', { architecture: 'llama' }, cut)).rejects.toMatchObject({ code: 'E_TOKENIZER' });
    expect(left()).toEqual([]);
  });

  it('takes nothing with it that lay there before', async () => {
    const receipt = `${none}.receipt.json`;
    writeFileSync(receipt, 'of a file that was moved away');
    const stopped = new AbortController();
    stopped.abort();
    await expect(write('llama', 'q8_0', stopped.signal, none)).rejects.toThrow();
    expect(readFileSync(receipt, 'utf8')).toBe('of a file that was moved away');
    rmSync(receipt);
  });

  it('takes the place of nothing', async () => {
    writeFileSync(none, 'mine');
    await expect(write('llama', 'q8_0', never, none)).rejects.toMatchObject({ code: 'E_OUTPUT' });
    expect(readFileSync(none, 'utf8')).toBe('mine');
  });
});

describe('an adapter as a GGUF file', () => {
  const written = (name: string, config: object, rankOf: (layer: string) => number) => {
    const place = writeRandomAdapter(inFolder(name), MODELS.mistral!, { ...config }, rankOf);
    const request = { model: inFolder('mistral'), name: 'mistral', adapter: { path: place, name, scale: 1 } };
    return app.gguf.writeAdapter(request, inFolder('files', `${name}.gguf`), () => undefined, never);
  };

  it('keeps its factors where one alpha says its scale, and folds the rest into B', async () => {
    const plain = await written('plain', { r: 4, lora_alpha: 8 }, () => 4);
    expect(plain).toMatchObject({ layers: 14, alpha: 8, folded: 0 });
    expect(JSON.parse(readFileSync(inFolder('files', 'plain.gguf.receipt.json'), 'utf8'))).toEqual(plain);
    const stable = await written('stable', { r: 4, lora_alpha: 8, use_rslora: true }, () => 4);
    expect(stable).toMatchObject({ alpha: 16, folded: 0 });
    const patterns = { rank_pattern: { v_proj: 2 }, alpha_pattern: { v_proj: 4, up_proj: 3 } };
    const rankOf = (layer: string): number => (layer.endsWith('v_proj') ? 2 : 4);
    const mixed = await written('mixed', { r: 4, lora_alpha: 8, ...patterns }, rankOf);
    expect(mixed.folded).toBe(4); // v_proj and up_proj of two layers
    const beside = readdirSync(inFolder('files')).filter((name) => name.startsWith('mixed'));
    expect(beside).toEqual(['mixed.gguf', 'mixed.gguf.receipt.json']);
  });

  it('is not written for another model', async () => {
    const adapter = { path: inFolder('plain'), name: 'plain', scale: 1 };
    const request = { model: inFolder('odd'), name: 'odd', adapter };
    const place = inFolder('files', 'wrong.gguf');
    await expect(app.gguf.writeAdapter(request, place, () => undefined, never)).rejects.toMatchObject({
      code: 'E_ADAPTER',
    });
    expect(readdirSync(inFolder('files')).filter((name) => name.includes('wrong'))).toEqual([]);
  });

  it('leaves by rankwise export --to gguf-lora', async () => {
    const parts = ['--model', inFolder('mistral'), '--adapter', inFolder('plain'), '--to', 'gguf-lora'];
    const receipt = await terminal.ask<object>('export', ...parts, '--output', inFolder('files', 'told.gguf'));
    expect(receipt).toMatchObject({ layers: 14, adapter: { name: 'plain', scale: 1 } });
  });
});

describe('an export of the library', () => {
  it('is told before, written under a free name, and remembered with its model', async () => {
    const api = await createApi(app);
    const handleOf = (...names: string[]): string => app.files.admit(inFolder(...names)).handle;
    const { id } = await api.models.add({ handle: handleOf('llama'), task: 'add' });
    mkdirSync(inFolder('given'));
    const plan = await api.exports.plan({ id, type: 'q4_0' });
    expect(plan).toMatchObject({ fileName: 'llama-Q4_0.gguf', tensors: 21 });
    expect(await api.exports.list({ id })).toEqual([]);
    const input = { id, type: 'q4_0' as const, folder: handleOf('given') };
    const first = await api.exports.gguf({ ...input, task: 'first' });
    const second = await api.exports.gguf({ ...input, task: 'second' });
    expect(first.receipt).toMatchObject({ bytes: plan.bytes, model: 'llama', file: 'llama-Q4_0.gguf' });
    expect(readdirSync(inFolder('given')).sort()).toEqual([
      'llama-Q4_0-2.Modelfile',
      'llama-Q4_0-2.gguf',
      'llama-Q4_0-2.gguf.receipt.json',
      'llama-Q4_0.Modelfile',
      'llama-Q4_0.gguf',
      'llama-Q4_0.gguf.receipt.json',
    ]);
    expect(second.receipt.sha256).toBe(first.receipt.sha256);
    rmSync(inFolder('given', 'llama-Q4_0.gguf'));
    expect(await api.exports.list({ id })).toEqual([
      { path: second.path, there: true, receipt: second.receipt },
      { path: first.path, there: false, receipt: first.receipt },
    ]);
    await api.models.remove({ id, files: false });
    expect(await api.exports.list({ id })).toEqual([]);
  });
});

describe('rankwise export --to gguf', () => {
  it('folds an adapter in and prints the receipt', async () => {
    await terminal.events('train', terminal.runFile('base', { training: { steps: 2, precision: 'f32' } }));
    const tuning = { model: { path: inFolder('out/base/model') }, initialize: 'pretrained' };
    const method = { name: 'lora', rank: 4 };
    const training = { steps: 4, precision: 'f32' };
    await terminal.events(
      'train',
      terminal.runFile('tuned', { ...tuning, method, optimizer: { learningRate: 1e-2 }, training }),
    );
    const parts = ['--model', inFolder('out/base/model'), '--adapter', inFolder('out/tuned/adapter')];
    const output = inFolder('files', 'tuned.gguf');
    const where = ['--to', 'gguf', '--output', output];
    const receipt = await terminal.ask<GgufReceipt>('export', ...parts, ...where, '--type', 'f32');
    expect(receipt).toMatchObject({ type: 'f32', adapter: { name: 'adapter', scale: 1 } });
    expect(receipt.logits).toMatchObject({ agreement: 1 });
    expect(receipt.logits.maxDifference).toBeLessThan(1e-4);
    expect(receipt.logits.maxDifference).toBeGreaterThan(0);
    expect(existsSync(`${output}.receipt.json`)).toBe(true);
    const again = await terminal.start(['export', ...parts, ...where]);
    expect(again).toMatchObject({ status: 1 });
    expect(again.stderr).toContain('is there already');
  });
});
