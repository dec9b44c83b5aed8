import { z } from 'zod';
import { COLUMN_ROLES } from './datasets.ts';
import { RankwiseError } from './errors.ts';
import { suggestion } from './nearest.ts';
import { parseSize } from './size.ts';

const integer = z.int();
const positive = z.int().min(1);
const fraction = z.number().gt(0).max(0.9);
const path = z.string().min(1);

/** Bytes, or text such as "8GiB"; held as bytes. */
const size = z
  .union([z.number(), z.string()], { error: 'expected bytes or a size such as "8GiB"' })
  .transform((value, context) => {
    const bytes = parseSize(value);
    if (bytes === undefined)
      context.addIssue({ code: 'custom', message: `“${value}” is not a size such as "8GiB" or "512MiB"` });
    return bytes ?? 0;
  });

const modelSchema = z
  .strictObject({
    path: path.optional(),
    preset: z.string().min(1).optional(),
    id: z.string().min(1).optional(),
    /** Only with a preset: vocabulary of the new model, default that of its tokenizer. */
    vocabSize: positive.optional(),
    /** A tokenizer.json, or a folder that holds one, where the model brings none. */
    tokenizer: path.optional(),
  })
  .refine((model) => [model.path, model.preset, model.id].filter((value) => value !== undefined).length === 1, {
    message: 'name exactly one of path, preset and id',
  })
  .refine((model) => model.vocabSize === undefined || model.preset !== undefined, {
    message: 'vocabSize belongs to a preset; a folder brings its own vocabulary',
  });

const dataSchema = z.strictObject({
  train: path,
  eval: z
    .union([path, z.strictObject({ fraction })], { error: 'expected a path or {"fraction": 0.02}' })
    .nullable()
    .default(null),
  format: z.enum(['auto', 'text', 'jsonl', 'json', 'csv', 'tsv', 'parquet', 'tokens']).default('auto'),
  /** Column → role; null = the dataset's own, or what a first look makes of the columns. */
  mapping: z.record(z.string(), z.enum(COLUMN_ROLES)).nullable().default(null),
  /** "auto" (the tokenizer's own), "none", or the text of a Jinja template. */
  template: z.string().default('auto'),
  /** Default: the dataset's own, or the completions. */
  trainOn: z.enum(['completions', 'all']).optional(),
  sequenceLength: z.int().min(2).default(256),
  packing: z.boolean().default(true),
  shuffle: z.boolean().default(true),
});

/** A method's own parameters are checked against the engine's registry, not here. */
const methodSchema = z.looseObject({ name: z.string().min(1) });

/** Characters that a name may have at most. */
export const NAME_LENGTH = 120;

/**
 * The run file, version 1. Parsing writes out every default that does not depend on the machine, the method or the place of
 * the file; the service that composes a run fills in those.
 */
const runFileSchema = z.strictObject({
  version: z.literal(1).default(1),
  name: z.string().min(1).max(NAME_LENGTH).optional(),
  model: modelSchema,
  initialize: z.enum(['pretrained', 'random']).optional(),
  data: dataSchema,
  method: methodSchema,
  targets: z
    .union([z.string().min(1), z.array(z.string().min(1)).min(1)], {
      error: 'expected all-linear, attention, mlp or a list of name patterns',
    })
    .default('all-linear'),
  storage: z
    .strictObject({ weights: z.string().min(1).optional(), doubleQuantize: z.boolean().default(true) })
    .prefault({}),
  optimizer: z
    .strictObject({
      name: z.enum(['adamw']).default('adamw'),
      learningRate: z.number().min(0).default(1e-3),
      beta1: z.number().min(0).lt(1).default(0.9),
      beta2: z.number().min(0).lt(1).default(0.999),
      epsilon: z.number().gt(0).default(1e-8),
      weightDecay: z.number().min(0).default(0),
      stateBits: z.union([z.literal(32), z.literal(16), z.literal(8)], { error: 'expected 32, 16 or 8' }).default(32),
      perLayerUpdates: z.boolean().default(false),
    })
    .prefault({}),
  schedule: z
    .strictObject({
      name: z.enum(['constant', 'linear', 'cosine']).default('cosine'),
      warmupSteps: z.int().min(0).default(0),
      minimumRatio: z.number().min(0).max(1).default(0.1),
    })
    .prefault({}),
  training: z
    .strictObject({
      steps: positive.default(300),
      microBatch: positive.default(8),
      gradientAccumulation: positive.default(1),
      /** Default 1, or null with per-layer updates, which know the norm only when they are done. */
      clipNorm: z.number().min(0).nullable().optional(),
      precision: z.enum(['f32', 'bf16']).default('bf16'),
      masterWeights: z.boolean().default(true),
      recompute: z.enum(['none', 'blocks', 'auto']).default('auto'),
      seed: integer.min(0).default(42),
      evalEvery: z.int().min(0).default(50),
      /** At most so many batches in an evaluation; null = all. */
      evalBatches: positive.nullable().default(null),
      checkpointEvery: z.int().min(0).default(100),
      keepCheckpoints: positive.default(2),
      /** Ends the run after so many evaluations without a better loss. */
      earlyStopping: z.strictObject({ patience: positive }).nullable().default(null),
      /** Prompts continued at every evaluation. */
      samples: z.array(z.string()).default([]),
      sampleTokens: positive.default(48),
    })
    .prefault({}),
  device: z
    .strictObject({
      backend: z.enum(['auto', 'cpu', 'cuda']).default('auto'),
      index: z.int().min(0).default(0),
      /** Default: the memory of the machine. */
      memoryBudget: size.nullable().default(null),
      /** 0 = every core. */
      threads: z.int().min(0).default(0),
    })
    .prefault({}),
  output: path.optional(),
  /** Of a fork: the run and the checkpoint that it goes on from. Steps are counted from that run's beginning. */
  from: z.strictObject({ run: z.string().min(1), step: positive }).optional(),
});

type Parsed = z.output<typeof runFileSchema>;

export interface RunFile extends Parsed {
  training: Parsed['training'] & { clipNorm: number | null };
}

/** A run with every default written out and every path absolute: what the engine gets and what a finished run keeps. */
export interface Run extends RunFile {
  name: string;
  initialize: 'pretrained' | 'random';
  storage: { weights: string; doubleQuantize: boolean };
  device: RunFile['device'] & { memoryBudget: number };
  output: string;
}

/** Parses a run file that is already JSON. Throws E_RUN_FILE for the first thing wrong; unknown keys name the nearest known one. */
export function parseRunFile(value: unknown): RunFile {
  const result = runFileSchema.safeParse(value);
  if (result.success) return withClipNorm(result.data);
  // What is unknown comes first: a misspelt key often also makes another one missing.
  const issues = result.error.issues;
  const issue = issues.find((each) => each.code === 'unrecognized_keys') ?? issues[0]!;
  const at = issue.path.map(String);
  if (issue.code === 'unrecognized_keys') {
    const key = issue.keys[0]!;
    const known = knownKeys(at);
    throw new RankwiseError(
      'E_RUN_FILE',
      `“${[...at, key].join('.')}” is not a setting of the run file.`,
      suggestion(key, known),
    );
  }
  const where = at.length > 0 ? at.join('.') : 'The run file';
  throw new RankwiseError('E_RUN_FILE', `${where}: ${wordsOf(issue)}.`);
}

function withClipNorm(file: Parsed): RunFile {
  const { clipNorm = file.optimizer.perLayerUpdates ? null : 1 } = file.training;
  return { ...file, training: { ...file.training, clipNorm } };
}

function wordsOf(issue: z.core.$ZodIssue): string {
  if (issue.code === 'invalid_type')
    return issue.message.endsWith('received undefined') ? 'is missing' : `expected ${issue.expected}`;
  if (issue.code === 'invalid_value')
    return `expected ${issue.values.map((value) => JSON.stringify(value)).join(', ')}`;
  if (issue.code === 'too_small') return `must be ${issue.inclusive ? 'at least' : 'more than'} ${issue.minimum}`;
  if (issue.code === 'too_big')
    return `must be ${issue.inclusive ? 'at most' : 'less than'} ${issue.maximum}${issue.origin === 'string' ? ' characters' : ''}`;
  return issue.message;
}

/** The keys that the schema knows at a path. */
function knownKeys(at: readonly string[]): string[] {
  let schema: unknown = runFileSchema;
  for (const key of [...at, null]) {
    while (
      schema instanceof z.ZodDefault ||
      schema instanceof z.ZodPrefault ||
      schema instanceof z.ZodOptional ||
      schema instanceof z.ZodNullable
    ) {
      schema = schema.unwrap();
    }
    if (schema instanceof z.ZodUnion) schema = schema.options.find((option) => option instanceof z.ZodObject);
    if (!(schema instanceof z.ZodObject)) return [];
    if (key === null) return Object.keys(schema.shape);
    schema = schema.shape[key];
  }
  return [];
}
