/** A Llama small enough that two cores train it in a minute. */
export const SAMPLE_MODEL = {
  architectures: ['LlamaForCausalLM'],
  model_type: 'llama',
  vocab_size: 1024,
  hidden_size: 128,
  intermediate_size: 384,
  num_hidden_layers: 4,
  num_attention_heads: 4,
  num_key_value_heads: 4,
  max_position_embeddings: 512,
  rms_norm_eps: 1e-6,
  rope_theta: 10000,
  hidden_act: 'silu',
  // Wider than usual: at this width it leaves the plateau of word frequencies sooner.
  initializer_range: 0.06,
  tie_word_embeddings: false,
  eos_token_id: 0,
};

export const SAMPLE_STEPS = 300;
export const SAMPLE_SEQUENCE_LENGTH = 128;

export interface SampleMethod {
  label: string;
  name: string;
  method: Record<string, unknown>;
  learningRate: number;
}

/** Methods with the rates that suit them on the sample. */
export const SAMPLE_METHODS: Record<'loqt' | 'full' | 'lora', SampleMethod> = {
  loqt: {
    label: 'LoQT, 4-bit weights',
    name: 'demo-loqt',
    method: { name: 'loqt', rank: 32, interval: 25 },
    learningRate: 1e-2,
  },
  full: { label: 'full training', name: 'demo-full', method: { name: 'full' }, learningRate: 4e-3 },
  lora: {
    label: 'LoRA',
    name: 'demo-lora',
    method: { name: 'lora', rank: 32, alpha: 64, trainRest: true },
    learningRate: 2e-3,
  },
};

/**
 * The run file of a method on a text.
 * @param model folder with the sample model's config.json
 */
export function sampleRunFile({ method, learningRate }: SampleMethod, model: string, text: string, steps: number) {
  return {
    model: { path: model },
    initialize: 'random',
    data: { train: text, eval: { fraction: 0.03 }, sequenceLength: SAMPLE_SEQUENCE_LENGTH },
    method,
    // A few hundred steps are too few for the usual 0.999.
    optimizer: { learningRate, beta2: 0.95 },
    schedule: { name: 'cosine', warmupSteps: Math.ceil(steps / 20) },
    training: { steps, microBatch: 16, evalEvery: 0, checkpointEvery: 0 },
  };
}
