import { z } from 'zod';
import type { Api } from './api.ts';
import type { Noun } from './channels.ts';
import { GGUF_TYPES } from './exports.ts';

/** What a call takes; undefined for one that takes nothing. */
export type Input<F> = F extends (...input: infer I) => unknown ? (I extends [] ? undefined : I[0]) : never;

type Requests = { [N in Noun]: { [M in keyof Api[N]]: z.ZodType<Input<Api[N][M]>> } };

const id = z.string().min(1).max(200);
const name = z.string().trim().min(1).max(120);
const text = z.string().max(1_000_000);
const bytes = z
  .number()
  .min(0)
  .max(2 ** 50);
const count = z.int().min(0).max(1e9);
const seed = z.int().min(0).max(Number.MAX_SAFE_INTEGER);
const task = z.string().min(1).max(100);
const nothing = z.undefined();
/** Names are judged by the service that asks a hub for them. */
const repository = z.string().trim().min(1).max(200);
const revision = z.string().trim().min(1).max(200);
const one = z.strictObject({ id });
const withFiles = z.strictObject({ id, files: z.boolean() });
const renamed = z.strictObject({ id, name });
const severalRuns = z.array(id).min(1).max(10);

/** The keys of a run file and their values: the run file's own schema judges them. */
const draft = z.record(z.string().max(100), z.unknown());

const role = z.enum(['text', 'system', 'prompt', 'input', 'completion', 'messages', 'chosen', 'rejected']);
const mapping = z.record(z.string().max(1000), role);
const trainOn = z.enum(['completions', 'all']);
const template = z.string().max(200_000);
const sequenceLength = z.int().min(2).max(1_048_576);
const microBatch = z.int().min(1).max(65_536);
const rendering = z.strictObject({
  model: id.nullable(),
  sequenceLength,
  mapping: mapping.optional(),
  template: template.optional(),
  trainOn: trainOn.optional(),
});

const metric = z.enum([
  'loss',
  'evalLoss',
  'learningRate',
  'gradientNorm',
  'tokensPerSecond',
  'peakBytes',
  'tokens',
  'seconds',
]);

const errorReport = z.strictObject({ code: z.string().max(100), message: text, hint: text });
const answeredPrompt = z.strictObject({
  prompt: text,
  answers: z.array(z.strictObject({ run: id, text, error: errorReport.nullable() })).max(10),
  difference: z.number().min(0).max(1),
});

const purpose = z.enum(['data', 'model', 'gguf', 'adapter', 'run-file', 'folder']);
const minuteOfDay = z.int().min(0).max(1440);
const maxTokens = z.int().min(1).max(65_536);
const temperature = z.number().min(0).max(10);

/** What each call takes, checked in main before anything is done. Objects are strict: a key that is not known is refused. */
export const REQUESTS = {
  projects: {
    list: nothing,
    create: z.strictObject({ name }),
    rename: renamed,
    remove: withFiles,
  },
  files: {
    pick: z.strictObject({ purpose }),
    browse: z.strictObject({ handle: id.nullable(), purpose }),
    save: z.strictObject({ name: z.string().min(1).max(200), text: z.string().max(64_000_000) }),
    reveal: z.strictObject({ kind: z.enum(['run', 'model', 'adapter', 'dataset', 'home']), id: z.string().max(200) }),
  },
  datasets: {
    list: nothing,
    get: one,
    import: z.strictObject({ handle: id, task }),
    refresh: z.strictObject({ id, task }),
    update: z.strictObject({
      id,
      name: name.optional(),
      mapping: mapping.optional(),
      template: template.optional(),
      trainOn: trainOn.optional(),
    }),
    remove: one,
    preview: z.strictObject({ id, rendering, offset: count, count: z.int().min(1).max(200) }),
    xray: z.strictObject({ id, rendering, evaluation: id.nullable(), task }),
  },
  models: {
    list: nothing,
    card: one,
    sample: one,
    add: z.strictObject({ handle: id, task }),
    inspectGguf: z.strictObject({ handle: id, folder: id.nullable(), tokenizer: id.nullable() }),
    unpackGguf: z.strictObject({
      handle: id,
      folder: id.nullable(),
      tokenizer: id.nullable(),
      dtype: z.enum(['exact', 'float32', 'bfloat16']),
      task,
    }),
    rename: renamed,
    remove: withFiles,
    fits: z.strictObject({ id, budgetBytes: bytes.nullable(), sequenceLength, microBatch }),
  },
  hub: {
    connection: nothing,
    keepToken: z.strictObject({
      token: z
        .string()
        .trim()
        .regex(/^[!-~]{1,500}$/, 'A token has no spaces.'),
    }),
    forgetToken: nothing,
    search: z.strictObject({ words: z.string().trim().min(1).max(200) }),
    inspect: z.strictObject({ repository, revision, sequenceLength, microBatch }),
    download: z.strictObject({ repository, revision, task }),
    unfinished: nothing,
    resume: z.strictObject({ id, task }),
    discard: one,
  },
  exports: {
    plan: z.strictObject({ id, type: z.enum(GGUF_TYPES) }),
    gguf: z.strictObject({ id, type: z.enum(GGUF_TYPES), folder: id, task }),
    list: one,
  },
  methods: { registry: nothing },
  runs: {
    list: z.strictObject({ project: id.nullable() }),
    get: one,
    events: z.strictObject({ id, kinds: z.array(z.string().max(100)).max(100).nullable() }),
    series: z.strictObject({
      ids: severalRuns,
      keys: z.array(metric).min(1).max(8),
      from: count.nullable(),
      to: count.nullable(),
      points: z.int().min(1).max(20_000),
    }),
    parse: z.strictObject({ text }),
    read: z.strictObject({ handle: id }),
    plan: z.strictObject({ draft }),
    solve: z.strictObject({ draft, budgetBytes: bytes }),
    start: z.strictObject({ draft, project: id, first: z.boolean() }),
    pause: one,
    resume: one,
    checkpoint: one,
    stop: one,
    discard: one,
    update: z.strictObject({
      id,
      name: name.optional(),
      tags: z.array(z.string().trim().min(1).max(60)).max(40).optional(),
      note: z.string().max(100_000).optional(),
      pinned: z.boolean().optional(),
      project: id.optional(),
    }),
    remove: z.strictObject({ ids: z.array(id).min(1).max(10_000), files: z.boolean() }),
    fork: z.strictObject({ id, step: count.nullable() }),
    reproduce: one,
    compare: z.strictObject({ ids: severalRuns }),
    answers: z.strictObject({
      ids: severalRuns,
      prompts: z.array(text).min(1).max(200),
      maxTokens,
      temperature,
      seed,
      task,
    }),
    shareComparison: z.strictObject({
      ids: severalRuns,
      baseline: id.nullable(),
      answers: z.array(answeredPrompt).max(200),
    }),
    report: one,
  },
  queue: {
    get: nothing,
    move: z.strictObject({ id, to: count }),
    hold: z.strictObject({ held: z.boolean() }),
    setRules: z.strictObject({
      window: z.strictObject({ from: minuteOfDay, to: minuteOfDay }).nullable(),
      pauseOutside: z.boolean(),
    }),
  },
  adapters: {
    list: nothing,
    import: z.strictObject({ handle: id, base: id.nullable(), task }),
    export: z.strictObject({ id, folder: id, task }),
    bake: z.strictObject({
      id,
      scale: z.number().min(-10).max(10),
      name,
      dtype: z.enum(['float32', 'bfloat16']),
      task,
    }),
    rename: renamed,
    remove: withFiles,
    norms: one,
  },
  playground: {
    generate: z.strictObject({
      session: task,
      panes: z
        .array(z.strictObject({ model: id, adapter: id.nullable(), adapterScale: z.number().min(-10).max(10) }))
        .min(1)
        .max(4),
      prompt: text,
      chat: z.boolean(),
      maxTokens,
      temperature,
      topP: z.number().gt(0).max(1),
      seed,
    }),
    cancel: z.strictObject({ session: task }),
  },
  sample: { start: nothing },
  tasks: { list: nothing, cancel: z.strictObject({ id: task }) },
  system: {
    info: nothing,
    settings: nothing,
    change: z.strictObject({
      theme: z.enum(['system', 'light', 'dark']).optional(),
      language: z.literal('en').optional(),
      memoryBudget: bytes.nullable().optional(),
      threads: z.int().min(0).max(1024).optional(),
      notifications: z.boolean().optional(),
      keepAwake: z.boolean().optional(),
      onClose: z.enum(['ask', 'background', 'pause']).optional(),
      hubAddress: z.string().trim().max(500).nullable().optional(),
      hubOffline: z.boolean().optional(),
    }),
    storage: nothing,
    clean: z.strictObject({ what: z.enum(['cache', 'checkpoints', 'downloads']) }),
    selftest: z.strictObject({ task }),
    rescan: z.strictObject({ task }),
    close: z.strictObject({ choice: z.enum(['stay', 'background', 'pause']), remember: z.boolean() }),
    openLink: z.strictObject({ link: z.enum(['source', 'licence', 'method']), name: z.string().max(200) }),
  },
} satisfies Requests;
