// What llama.cpp itself makes of the GGUF files that are written here: the same tokens, and in float32 the same text and probabilities.
// `npm run test:gguf` installs it and runs this.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { gunzipSync } from 'node:zlib';
import { getLlama } from 'node-llama-cpp';
import { createApp } from '../../main/app.ts';
import { loadTokenizer } from '../../main/data/tokenizer.ts';
import { bundledTexts, resolvePaths } from '../../main/paths.ts';
import { chatTokenizer, writeRandomAdapter, writeRandomModel } from '../integration/random-model.ts';
import { spaceTokenizerJson } from '../unit/tiny-tokenizers.ts';
import { strings } from './strings.mjs';

const TOKENS = 64;
const MOST_DIFFERENCE = 2e-4;
const MOST_DIFFERENCE_ROUNDED = 5e-3;
const folder = mkdtempSync(path.join(tmpdir(), 'rankwise-gguf-'));
const novel = gunzipSync(readFileSync(path.join(bundledTexts, 'moby-dick.txt.gz'))).toString('utf8');
const app = createApp({ ...resolvePaths(), home: path.join(folder, 'home') });
const llama = await getLlama({ gpu: false, build: 'never', logLevel: 'error', progressLogs: false });
const prompt = 'Call me Ishmael. Some years ago';
const tokenizer = chatTokenizer(novel.slice(0, 60_000), 500);

const rope = (more) => ({ rope_scaling: { factor: 8, ...more } });
const llama3 = { rope_type: 'llama3', low_freq_factor: 1, high_freq_factor: 4, original_max_position_embeddings: 32 };
// llama.cpp takes the long factors in a context beyond the original positions, and makes contexts multiples of 256.
const longrope = (pairs) => ({
  partial_rotary_factor: 0.75,
  max_position_embeddings: 8192,
  original_max_position_embeddings: 512,
  rope_scaling: {
    type: 'longrope',
    short_factor: Array.from({ length: pairs }, (_, i) => 1 + i / 10),
    long_factor: Array.from({ length: pairs }, (_, i) => 2 + i),
  },
});
const MODELS = {
  llama: { gain: 2, architecture: 'llama' },
  'llama, wide heads, tied': { gain: 2, architecture: 'llama', headDim: 32, config: { tie_word_embeddings: true } },
  'llama, biases': { gain: 2, architecture: 'llama', config: { attention_bias: true, mlp_bias: true } },
  'llama, scaled as Llama 3.1': { gain: 2, architecture: 'llama', config: rope(llama3) },
  'llama, scaled linearly': { gain: 2, architecture: 'llama', config: rope({ rope_type: 'linear' }) },
  mistral: { gain: 2, architecture: 'mistral', headDim: 32, kvHeads: 1, config: { rope_theta: 1e6 } },
  qwen2: { gain: 2, architecture: 'qwen2', config: { rope_theta: 1e6 } },
  qwen3: { gain: 2, architecture: 'qwen3', headDim: 32, config: { tie_word_embeddings: true } },
  // Windows of 16, which the text leaves; with six layers, the last is without.
  'gemma 3': { gain: 2, architecture: 'gemma3_text', layers: 6, headDim: 32 },
  'gemma 3, a head of its own': {
    gain: 1.5,
    architecture: 'gemma3_text',
    layers: 7,
    kvHeads: 1,
    config: { tie_word_embeddings: false, ...rope({ rope_type: 'linear' }) },
  },
  'gemma 2': { gain: 2, architecture: 'gemma2', layers: 3, headDim: 32 },
  'gemma 2, other caps': {
    gain: 2,
    architecture: 'gemma2',
    config: { rope_theta: 1e5, attn_logit_softcapping: 2, final_logit_softcapping: 5 },
  },
  'phi-3': { gain: 2, architecture: 'phi3', config: { sliding_window: 100 } },
  'phi-3, part of a head rotated by longrope': {
    gain: 2,
    architecture: 'phi3',
    heads: 2,
    kvHeads: 1,
    config: longrope(12),
  },
  'olmo 2': { gain: 2, architecture: 'olmo2', config: { rope_theta: 5e5 } },
  // llama.cpp looks GELU up in a table of halves: with larger gains its rounding shows.
  'gemma 1': { gain: 1, architecture: 'gemma', kvHeads: 1, headDim: 32 },
};

let passed = 0;
let failed = 0;
function check(fine, what) {
  if (fine) passed += 1;
  else failed += 1;
  console.log(`${fine ? '✓' : '✗'} ${what}`);
}

async function write(name, model, json, type, adapter = null) {
  const place = path.join(folder, `${name} ${type}${adapter ? ' tuned' : ''}`.replaceAll(/[^a-z0-9]+/gi, '-'));
  writeRandomModel(place, model, json);
  const receipt = await app.gguf.write(
    { model: place, name, adapter, type },
    `${place}.gguf`,
    () => undefined,
    new AbortController().signal,
  );
  return { place, file: `${place}.gguf`, receipt };
}

/** Our own greedy continuation with the likeliest five at each step. */
async function ours(model, ids, count, adapter = null) {
  const steps = [];
  const job = { kind: 'generate', model, adapter, ids, maxTokens: count, temperature: 0, topP: 1, seed: 1 };
  const running = app.engine.start(
    { ...job, precision: 'f32', storage: 'dense', eosIds: [], probabilities: true },
    (event) => {
      if (event.type === 'token') steps.push(event);
    },
  );
  await running.result;
  return steps;
}

/** The same of llama.cpp, caches in float32. */
async function theirs(model, ids, count, lora) {
  const types = { experimentalKvCacheKeyType: 'F32', experimentalKvCacheValueType: 'F32' };
  const context = await model.createContext({ contextSize: 128, flashAttention: false, threads: 2, lora, ...types });
  const sequence = context.getSequence();
  const steps = [];
  let next = ids;
  while (steps.length < count) {
    const input = next.map((id, i) =>
      i + 1 < next.length
        ? id
        : [id, { generateNext: { probabilities: true, token: true, options: { temperature: 0 } } }],
    );
    const { probabilities } = (await sequence.controlledEvaluate(input)).at(-1).next;
    const [likeliest] = probabilities.keys();
    steps.push({ id: likeliest, probabilities });
    next = [likeliest];
  }
  await context.dispose();
  return steps;
}

function compare(mine, other) {
  let most = 0;
  for (const [i, { alternatives }] of mine.entries())
    for (const { id, probability } of alternatives)
      most = Math.max(most, Math.abs(probability - other[i].probabilities.get(id)));
  return { same: mine.every(({ id }, i) => id === other[i].id), most };
}

async function computes(name, model) {
  const { place, file } = await write(name, model, tokenizer, 'f32');
  const loaded = await llama.loadModel({ modelPath: file, gpuLayers: 0 });
  const ids = loadTokenizer(place).encodeRendered(prompt);
  const { same, most } = compare(await ours(place, ids, TOKENS), await theirs(loaded, ids, TOKENS));
  check(same, `${name}: the same ${TOKENS} greedy tokens`);
  check(most <= MOST_DIFFERENCE, `${name}: the likeliest five within ${most.toExponential(1)}`);
  await loaded.dispose();
}

/** Quantized files: llama.cpp rounds activations, too, so that the numbers are near and not the same. */
async function computesNearly(type) {
  const wide = { architecture: 'llama', hidden: 256, intermediate: 512, layers: 4 };
  const { place, file, receipt } = await write('quantized', wide, tokenizer, type);
  const loaded = await llama.loadModel({ modelPath: file, gpuLayers: 0 });
  const ids = loadTokenizer(place).encodeRendered(prompt);
  const [mine] = await ours(file, ids, 1);
  const [other] = await theirs(loaded, ids, 1);
  const { most } = compare([mine], [other]);
  const types = receipt.types.map((each) => each.type).join(', ');
  check(
    most <= MOST_DIFFERENCE_ROUNDED,
    `${type} (${types}): llama.cpp and this engine on the same file within ${most.toExponential(1)}`,
  );
  await loaded.dispose();
}

/** An adapter's file beside its base's, and both in one, against base and adapter here. */
async function tunes(name, model, config, rankOf) {
  const base = await write(`base ${name}`, model, tokenizer, 'f32');
  const place = writeRandomAdapter(`${base.place}-adapter`, model, config, rankOf);
  const adapter = { path: place, name, scale: 1 };
  const request = { model: base.place, name, adapter };
  const never = new AbortController().signal;
  const { folded } = await app.gguf.writeAdapter(request, `${place}.gguf`, () => undefined, never);
  const merged = await write(`base ${name}`, model, tokenizer, 'f32', adapter);
  const ids = loadTokenizer(base.place).encodeRendered(prompt);
  const mine = await ours(base.place, ids, TOKENS, place);
  const plain = await ours(base.place, ids, TOKENS);
  check(
    plain.some(({ id }, i) => id !== mine[i].id),
    `${name}: the adapter changes the text`,
  );
  const heard = async (what, file, lora) => {
    const loaded = await llama.loadModel({ modelPath: file, gpuLayers: 0 });
    const { same, most } = compare(mine, await theirs(loaded, ids, TOKENS, lora));
    await loaded.dispose();
    check(
      same && most <= MOST_DIFFERENCE,
      `${name}, ${what}: the same text, the likeliest five within ${most.toExponential(1)}`,
    );
  };
  await heard(`beside its base (${folded} layers folded)`, base.file, `${place}.gguf`);
  await heard('in one with its base', merged.file);
}

const split = (pattern) => ({
  type: 'Sequence',
  pretokenizers: [
    { type: 'Split', pattern: { Regex: pattern }, behavior: 'Isolated', invert: false },
    { type: 'ByteLevel', add_prefix_space: false, trim_offsets: true, use_regex: false },
  ],
});
const LLAMA3 = String.raw`(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+`;
const TOKENIZERS = {
  'gpt-2': {},
  'llama-bpe': { pre_tokenizer: split(LLAMA3), model: { ...tokenizer.model, ignore_merges: true } },
  qwen2: { pre_tokenizer: split(LLAMA3.replace('{1,3}', '')) },
  smollm: {
    pre_tokenizer: {
      type: 'Sequence',
      pretokenizers: [
        { type: 'Digits', individual_digits: true },
        { type: 'ByteLevel', add_prefix_space: false, trim_offsets: true, use_regex: true },
      ],
    },
  },
};

async function cuts(name, json, rule = name) {
  const { place, file, receipt } = await write(`cut ${name}`, { architecture: 'llama' }, json, 'q8_0');
  check(receipt.tokenizer.preTokenizer === rule, `${name}: known by its rule`);
  const loaded = await llama.loadModel({ modelPath: file, gpuLayers: 0, vocabOnly: true });
  const encoder = loadTokenizer(place);
  // JavaScript's white space has U+FEFF and lacks U+0085; a rule that is built into the reader is read so, too.
  const builtIn = name === 'smollm';
  const all = strings().filter((text) => !builtIn || !/[\ufeff\u0085]/.test(text));
  const different = all.filter(
    (text) => JSON.stringify(encoder.encodeRendered(text)) !== JSON.stringify(loaded.tokenize(text, true)),
  );
  check(different.length === 0, `${name}: the same tokens of ${all.length} strings`);
  for (const text of different.slice(0, 5))
    console.log(
      `   ${JSON.stringify(text)}\n     ours ${encoder.encodeRendered(text)}\n     llama.cpp ${loaded.tokenize(text, true)}`,
    );
  await loaded.dispose();
}

try {
  for (const [name, change] of Object.entries(TOKENIZERS)) await cuts(name, { ...tokenizer, ...change });
  for (const spaceFirst of [true, false])
    await cuts(
      `SentencePiece’s, ${spaceFirst ? 'with' : 'without'} a space before`,
      spaceTokenizerJson(['<|endoftext|>', '<|im_start|>', '<|im_end|>'], spaceFirst),
      'default',
    );
  for (const [name, model] of Object.entries(MODELS)) await computes(name, model);
  const mixed = { rank_pattern: { v_proj: 2 }, alpha_pattern: { up_proj: 3, q_proj: 12 } };
  await tunes('LoRA on llama', MODELS.llama, { r: 4, lora_alpha: 8 }, () => 4);
  await tunes('LoRA on gemma 3', MODELS['gemma 3'], { r: 4, lora_alpha: 8 }, () => 4);
  await tunes('rsLoRA on mistral', MODELS.mistral, { r: 4, lora_alpha: 4, use_rslora: true }, () => 4);
  await tunes('mixed ranks on qwen2', MODELS.qwen2, { r: 4, lora_alpha: 8, ...mixed }, (layer) =>
    layer.endsWith('v_proj') ? 2 : 4,
  );
  for (const type of ['bf16', 'f16', 'q8_0', 'q6_k', 'q5_k_m', 'q4_k_m', 'q4_0']) await computesNearly(type);
} finally {
  await app.close();
  await llama.dispose();
  rmSync(folder, { recursive: true, force: true });
}
console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed === 0 ? 0 : 1;
