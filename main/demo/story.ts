import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { TrainEvent } from '../../preload/contract/events.ts';
import { RankwiseError } from '../../preload/contract/errors.ts';
import { parseRunFile } from '../../preload/contract/run-file.ts';
import type { InferenceService } from '../services/inference.ts';
import type { RunService, TrainingOutcome } from '../services/runs.ts';
import {
  SAMPLE_METHODS,
  SAMPLE_MODEL,
  SAMPLE_SEQUENCE_LENGTH,
  SAMPLE_STEPS,
  sampleRunFile,
} from '../services/sample-runs.ts';
import type { SampleTexts } from '../services/sample-texts.ts';

/** Where the demonstration shows itself. */
export interface DemoView {
  chapter(title: string, explanation: string): void;
  say(text: string): void;
  /** A training run begins; what is returned gets its events and is closed at its end. */
  training(label: string, steps: number): { take(event: TrainEvent): void; finish(): void };
}

export interface DemoRow {
  label: string;
  id: string;
  planBytes: number;
  peakBytes: number;
  tokensPerSecond: number;
  /** On text that the run has not seen: of the novel, or of the speeches. */
  perplexity: number;
  seconds: number;
}

export interface DemoResult {
  pretraining: DemoRow[];
  fineTuning: DemoRow;
  /** Perplexity on held-out speeches: the base, the base with the adapter, the merged model. */
  speeches: { base: number; adapter: number; merged: number };
  samples: { label: string; text: string }[];
  prompt: string;
  folder: string;
  seconds: number;
}

export interface DemoServices {
  runs: RunService;
  inference: InferenceService;
}

/** What two minutes on two cores allow; `--seconds` scales the steps. */
const FULL_SECONDS = 120;
const FINE_TUNING_STEPS = 120;
const PROMPT = 'The great';

const PRETRAINING = [SAMPLE_METHODS.loqt, SAMPLE_METHODS.full, SAMPLE_METHODS.lora];

/**
 * The whole story on bundled texts, through the same services as every other run: pretrain a small Llama by three methods,
 * fine-tune an adapter on the best, evaluate, merge, generate. Writes below `folder`.
 */
export async function tellStory(
  { runs, inference }: DemoServices,
  texts: SampleTexts,
  folder: string,
  seconds: number,
  view: DemoView,
  signal: AbortSignal,
): Promise<DemoResult> {
  const started = performance.now();
  const scaled = (steps: number): number => Math.max(4, Math.round((steps * seconds) / FULL_SECONDS));
  const train = async (label: string, file: object, steps: number): Promise<DemoRow> => {
    const shown = view.training(label, steps);
    const speeds: number[] = [];
    const onEvent = (event: TrainEvent): void => {
      if (event.type === 'step') speeds.push(event.tokensPerSecond);
      shown.take(event);
    };
    const origin = { base: folder, folder, name: label };
    const outcome = await runs.train(parseRunFile(file), origin, { onEvent, signal }).finally(() => shown.finish());
    if (outcome.stopped)
      throw new RankwiseError('E_STOPPED', 'The demonstration was stopped.', `What there is so far lies in ${folder}.`);
    return rowOf(label, outcome, speeds);
  };

  const blank = path.join(folder, 'blank');
  mkdirSync(blank, { recursive: true });
  writeFileSync(path.join(blank, 'config.json'), JSON.stringify(SAMPLE_MODEL, null, 2));

  view.chapter(
    '1. Pretrain a small Llama on Moby-Dick, three ways',
    'The same model, text, seed and number of steps; only the method differs.',
  );
  const steps = scaled(SAMPLE_STEPS);
  const pretraining: (DemoRow & { model: string })[] = [];
  for (const sample of PRETRAINING) {
    const { label, name } = sample;
    const output = path.join(folder, name);
    const file = { ...sampleRunFile(sample, blank, texts.novel, steps), name, output };
    pretraining.push({ ...(await train(label, file, steps)), model: path.join(output, 'model') });
  }

  const best = pretraining.toSorted((a, b) => a.perplexity - b.perplexity)[0]!;
  view.chapter(
    '2. Fine-tune an adapter on State of the Union addresses',
    `On top of the best of the three (${best.label}), whose weights stay as they are.`,
  );
  const evaluate = async (model: string, adapter?: string): Promise<number> =>
    (await inference.evaluate({ model, adapter, data: texts.heldOut, sequenceLength: SAMPLE_SEQUENCE_LENGTH }))
      .perplexity;
  const before = await evaluate(best.model);
  view.say(`Perplexity on speeches that were held out, before: ${before.toFixed(1)}`);
  const fineTuningSteps = scaled(FINE_TUNING_STEPS);
  const output = path.join(folder, 'demo-speeches');
  const fineTuning = await train(
    'LoRA adapter',
    {
      name: 'demo-speeches',
      model: { path: best.model },
      data: { train: texts.speeches, eval: texts.heldOut, sequenceLength: SAMPLE_SEQUENCE_LENGTH },
      method: { name: 'lora', rank: 16, alpha: 32 },
      optimizer: { learningRate: 5e-3 },
      schedule: { name: 'cosine', warmupSteps: Math.ceil(fineTuningSteps / 20) },
      training: { steps: fineTuningSteps, microBatch: 16, evalEvery: 0, checkpointEvery: 0 },
      output,
    },
    fineTuningSteps,
  );
  const adapter = path.join(output, 'adapter');
  const after = await evaluate(best.model, adapter);

  view.chapter(
    '3. Merge the adapter into the model',
    'The merged model is a plain Hugging Face folder; it must say what base and adapter say together.',
  );
  const merged = path.join(folder, 'merged');
  // Of a demonstration before, in the same folder.
  rmSync(merged, { recursive: true, force: true });
  await inference.merge({ model: best.model, adapter, adapterScale: 1, dtype: 'float32' }, merged);
  const mergedPerplexity = await evaluate(merged);
  view.say(
    `Perplexity on the held-out speeches: ${before.toFixed(2)} before, ${after.toFixed(2)} with the adapter, ${mergedPerplexity.toFixed(2)} merged`,
  );

  const samples: DemoResult['samples'] = [];
  for (const [label, choice] of [
    ['base', { model: best.model }],
    ['adapter', { model: best.model, adapter }],
    ['merged', { model: merged }],
  ] as const) {
    const { text } = await inference.generate({ ...choice, prompt: PROMPT, maxTokens: 48, temperature: 0.7, seed: 7 });
    samples.push({ label, text });
  }
  return {
    pretraining: pretraining.map((each) => ({ ...each, model: undefined })),
    fineTuning,
    speeches: { base: before, adapter: after, merged: mergedPerplexity },
    samples,
    prompt: PROMPT,
    folder,
    seconds: (performance.now() - started) / 1000,
  };
}

function rowOf(label: string, { id, result }: TrainingOutcome, speeds: number[]): DemoRow {
  return {
    label,
    id,
    planBytes: result.planBytes ?? NaN,
    peakBytes: result.peakBytes ?? NaN,
    tokensPerSecond: speeds.toSorted((a, b) => a - b)[Math.floor(speeds.length / 2)] ?? NaN,
    perplexity: Math.exp(result.evalLoss ?? NaN),
    seconds: result.seconds ?? NaN,
  };
}
