import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { bpeTokenizerConfig, trainByteLevelBpe, type TokenizerJson } from '../../main/data/bpe-trainer.ts';

export interface RandomModel {
  architecture: 'llama' | 'mistral' | 'qwen2' | 'qwen3' | 'phi3' | 'olmo2' | 'gemma' | 'gemma2' | 'gemma3_text';
  hidden?: number;
  intermediate?: number;
  layers?: number;
  heads?: number;
  kvHeads?: number;
  headDim?: number;
  /** More keys of config.json. */
  config?: Record<string, unknown>;
  /** A factor on every weight. */
  gain?: number;
}

export const CHATML = `{% for message in messages %}{{ '<|im_start|>' + message.role + '\\n' + message.content + '<|im_end|>' + '\\n' }}{% endfor %}{% if add_generation_prompt %}{{ '<|im_start|>assistant\\n' }}{% endif %}`;

/** The tokenizer that the models have: trained on a text, with the tokens of ChatML behind it. */
export function chatTokenizer(text: string, size: number): TokenizerJson {
  const json = trainByteLevelBpe([text], size);
  const first = Object.keys(json.model.vocab).length;
  const plain = { single_word: false, lstrip: false, rstrip: false, normalized: false };
  const more = ['<|im_start|>', '<|im_end|>'].map((content, i) => ({
    ...plain,
    id: first + i,
    content,
    special: true,
  }));
  const own = { ...plain, id: first + 2, content: '<tool>', special: false };
  return { ...json, added_tokens: [...json.added_tokens, ...more, own] };
}

const isGemma = (architecture: unknown): boolean => String(architecture).startsWith('gemma');

/** What a family's config.json has beside what all have. */
function familyConfig(architecture: RandomModel['architecture'], headDim: number): object {
  if (architecture === 'phi3') return { original_max_position_embeddings: 128 };
  if (!isGemma(architecture)) return {};
  const gemma = { hidden_act: 'gelu_pytorch_tanh', hidden_activation: 'gelu_pytorch_tanh', tie_word_embeddings: true };
  if (architecture === 'gemma') return gemma;
  const scores = { ...gemma, query_pre_attn_scalar: headDim, sliding_window: 16 };
  return architecture === 'gemma2' ? scores : { ...scores, rope_theta: 1e6, rope_local_base_freq: 10000 };
}

/** Writes a Hugging Face folder with weights in float32 that a fixed generator makes; logits are of order one. */
export function writeRandomModel(
  folder: string,
  model: RandomModel,
  tokenizer: TokenizerJson,
  template: string | null = CHATML,
): string {
  const {
    architecture,
    hidden = 64,
    intermediate = 96,
    layers = 2,
    heads = 4,
    kvHeads = 2,
    headDim = hidden / heads,
  } = model;
  const used = Object.keys(tokenizer.model.vocab).length + tokenizer.added_tokens.length - 1;
  const vocabulary = used + 5;
  const config = {
    architectures: ['ForCausalLM'],
    model_type: architecture,
    vocab_size: vocabulary,
    hidden_size: hidden,
    intermediate_size: intermediate,
    num_hidden_layers: layers,
    num_attention_heads: heads,
    num_key_value_heads: kvHeads,
    head_dim: headDim,
    max_position_embeddings: 128,
    rms_norm_eps: 1e-5,
    rope_theta: 10000,
    hidden_act: 'silu',
    tie_word_embeddings: false,
    bos_token_id: null,
    eos_token_id: 0,
    sliding_window: null,
    ...familyConfig(architecture, headDim),
    ...model.config,
  };
  mkdirSync(folder, { recursive: true });
  writeFileSync(path.join(folder, 'config.json'), JSON.stringify(config));
  writeFileSync(path.join(folder, 'tokenizer.json'), JSON.stringify(tokenizer));
  writeFileSync(path.join(folder, 'tokenizer_config.json'), JSON.stringify(bpeTokenizerConfig));
  writeFileSync(path.join(folder, 'generation_config.json'), JSON.stringify({ eos_token_id: [0, used - 2] }));
  if (template !== null) writeFileSync(path.join(folder, 'chat_template.jinja'), template);
  const shapes = shapesOf(config, { hidden, intermediate, layers, heads, kvHeads, headDim, vocabulary });
  writeFileSync(path.join(folder, 'model.safetensors'), safetensorsOf(shapes, model.gain ?? 1, isGemma(architecture)));
  return folder;
}

/** Writes a PEFT folder of random factors for every linear layer of a model that `writeRandomModel` made. */
export function writeRandomAdapter(
  folder: string,
  model: RandomModel,
  config: Record<string, unknown>,
  rankOf: (layer: string) => number,
): string {
  const {
    architecture,
    hidden = 64,
    intermediate = 96,
    layers = 2,
    heads = 4,
    kvHeads = 2,
    headDim = hidden / heads,
  } = model;
  const sizes = { hidden, intermediate, layers, heads, kvHeads, headDim, vocabulary: 1 };
  const shapes = shapesOf({ model_type: architecture }, sizes).flatMap<[string, number[]]>(([name, shape]) => {
    if (!/_proj\.weight$/.test(name)) return [];
    const layer = name.replace(/\.weight$/, '');
    const [out, inputs] = shape as [number, number];
    return [
      [`base_model.model.${layer}.lora_A.weight`, [rankOf(layer), inputs]],
      [`base_model.model.${layer}.lora_B.weight`, [out, rankOf(layer)]],
    ];
  });
  const targets = ['q_proj', 'k_proj', 'v_proj', 'o_proj', 'gate_proj', 'up_proj', 'down_proj'];
  mkdirSync(folder, { recursive: true });
  const written = { peft_type: 'LORA', task_type: 'CAUSAL_LM', target_modules: targets, bias: 'none', ...config };
  writeFileSync(path.join(folder, 'adapter_config.json'), JSON.stringify(written));
  writeFileSync(path.join(folder, 'adapter_model.safetensors'), safetensorsOf(shapes, 0.5));
  return folder;
}

type Sizes = Record<'hidden' | 'intermediate' | 'layers' | 'heads' | 'kvHeads' | 'headDim' | 'vocabulary', number>;

function shapesOf(config: Record<string, unknown>, s: Sizes): [string, number[]][] {
  const architecture = config.model_type;
  const q = s.heads * s.headDim;
  const kv = s.kvHeads * s.headDim;
  const shapes: [string, number[]][] = [['model.embed_tokens.weight', [s.vocabulary, s.hidden]]];
  const linear = (name: string, out: number, inputs: number, bias: boolean): void => {
    shapes.push([`${name}.weight`, [out, inputs]]);
    if (bias) shapes.push([`${name}.bias`, [out]]);
  };
  const qkvBias = architecture === 'qwen2' || config.attention_bias === true;
  for (let layer = 0; layer < s.layers; layer++) {
    const at = `model.layers.${layer}.`;
    for (const [norm, width] of normsOf(String(architecture), s)) shapes.push([`${at}${norm}.weight`, [width]]);
    if (architecture === 'phi3') linear(`${at}self_attn.qkv_proj`, q + 2 * kv, s.hidden, false);
    else {
      linear(`${at}self_attn.q_proj`, q, s.hidden, qkvBias);
      linear(`${at}self_attn.k_proj`, kv, s.hidden, qkvBias);
      linear(`${at}self_attn.v_proj`, kv, s.hidden, qkvBias);
    }
    linear(`${at}self_attn.o_proj`, s.hidden, q, config.attention_bias === true);
    if (architecture === 'phi3') linear(`${at}mlp.gate_up_proj`, 2 * s.intermediate, s.hidden, false);
    else
      for (const half of ['gate_proj', 'up_proj'])
        linear(`${at}mlp.${half}`, s.intermediate, s.hidden, config.mlp_bias === true);
    linear(`${at}mlp.down_proj`, s.hidden, s.intermediate, config.mlp_bias === true);
  }
  shapes.push(['model.norm.weight', [s.hidden]]);
  if (config.tie_word_embeddings !== true) shapes.push(['lm_head.weight', [s.vocabulary, s.hidden]]);
  return shapes;
}

/** Norms of a layer and their widths. */
function normsOf(architecture: string, { hidden, heads, kvHeads, headDim }: Sizes): [string, number][] {
  const olmo = architecture === 'olmo2';
  const around = architecture === 'gemma2' || architecture === 'gemma3_text';
  const norms: [string, number][] = [['post_attention_layernorm', hidden]];
  if (!olmo) norms.push(['input_layernorm', hidden]);
  if (around) norms.push(['pre_feedforward_layernorm', hidden]);
  if (around || olmo) norms.push(['post_feedforward_layernorm', hidden]);
  if (olmo) norms.push(['self_attn.q_norm', heads * headDim], ['self_attn.k_norm', kvHeads * headDim]);
  if (architecture === 'qwen3' || architecture === 'gemma3_text')
    norms.push(['self_attn.q_norm', headDim], ['self_attn.k_norm', headDim]);
  return norms;
}

/** @param aroundZero norms multiply by 1 + gain, and the gains have steps that the sum keeps, as those in bfloat16 have */
function safetensorsOf(shapes: [string, number[]][], gain: number, aroundZero = false): Buffer {
  const header: Record<string, unknown> = {};
  const data: Buffer[] = [];
  const random = normals(7);
  let at = 0;
  for (const [name, shape] of shapes) {
    const count = shape.reduce((a, b) => a * b, 1);
    const deviation = name.includes('embed') ? (aroundZero ? 0.2 : 0.5) : gain / Math.sqrt(shape[1] ?? 1);
    const ofNorm = (): number => (aroundZero ? Math.round(0.2 * random() * 2 ** 12) / 2 ** 12 : 1 + 0.2 * random());
    const value = (): number =>
      name.endsWith('norm.weight') ? ofNorm() : shape.length === 1 ? 0.1 * random() : deviation * random();
    data.push(Buffer.from(Float32Array.from({ length: count }, value).buffer));
    header[name] = { dtype: 'F32', shape, data_offsets: [at, (at += 4 * count)] };
  }
  const text = Buffer.from(JSON.stringify(header));
  const padded = Buffer.concat([text, Buffer.alloc((8 - (text.length % 8)) % 8, ' ')]);
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(padded.length));
  return Buffer.concat([length, padded, ...data]);
}

/** Standard normal numbers, the same everywhere: xorshift32 and the sum of twelve. */
function normals(seed: number): () => number {
  let state = seed;
  const uniform = (): number => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) / 2 ** 32;
  };
  return () => Array.from({ length: 12 }, uniform).reduce((a, b) => a + b) - 6;
}
