import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Job, JobResults, TrainJob } from '../../main/engine/host.ts';
import { InProcessHost } from '../../main/engine/inprocess.ts';
import { readSafetensorsHeader } from '../../main/formats/safetensors.ts';
import { resolvePaths } from '../../main/paths.ts';
import type { EngineEvent, TrainEvent } from '../../preload/contract/events.ts';
import { parseRunFile } from '../../preload/contract/run-file.ts';

export const fixtures = path.resolve(import.meta.dirname, '../fixtures');
const host = new InProcessHost(resolvePaths().addon);

/** What the oracles write beside the tokens of a trajectory. */
export interface Trajectory {
  /** Folder of the base model, relative to the fixtures. */
  model: string;
  /** The parts of a run file that fix the numbers. */
  run: {
    method: { name: string; parkOnHost?: boolean };
    targets?: string | string[];
    storage?: { weights: string; doubleQuantize: boolean };
    optimizer: { stateBits: number; perLayerUpdates?: boolean };
    training: { steps: number; recompute?: string; precision?: string };
  };
  /** Of the whole tokens file, before training. */
  evalLoss?: number;
  losses: number[];
  gradientNorms?: number[];
  events?: { step: number; layers: Record<string, string | number>[] }[];
}

/** Folders of a kind of fixture that hold a file of this name, relative to the fixtures. */
export function fixtureFolders(kind: string, file: string): string[] {
  return readdirSync(path.join(fixtures, kind), { recursive: true, encoding: 'utf8' })
    .filter((name) => path.basename(name) === file)
    .map((name) => path.join(kind, path.dirname(name)))
    .sort();
}

export function readTrajectory(folder: string): Trajectory {
  return JSON.parse(readFileSync(path.join(fixtures, folder, 'expected.json'), 'utf8')) as Trajectory;
}

/** The adapter that a fixture brings, if any. */
export function adapterOf(folder: string): string | null {
  const adapter = path.join(fixtures, folder, 'adapter');
  return existsSync(adapter) ? adapter : null;
}

/** A float32 tensor of a safetensors file. */
export function readFloats(file: string, name: string): { shape: number[]; values: Float32Array } {
  const entry = readSafetensorsHeader(file).get(name);
  if (entry?.dtype !== 'F32') throw new Error(`${file} has no float32 tensor ${name}`);
  const bytes = readFileSync(file).subarray(entry.begin, entry.end);
  return { shape: entry.shape, values: new Float32Array(Uint8Array.from(bytes).buffer) };
}

export function largestDifference(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let most = a.length === b.length ? 0 : Infinity;
  for (let i = 0; i < a.length && i < b.length; i++) {
    const difference = Math.abs(a[i]! - b[i]!);
    most = difference <= most ? most : Number.isNaN(difference) ? Infinity : difference;
  }
  return most;
}

/** max |actual − expected| / |expected|; Infinity where a number is missing or none. */
export function largestRelativeError(actual: readonly number[], expected: readonly number[]): number {
  return largestDifference(
    actual.map((value, i) => value / Math.abs(expected[i] ?? NaN)),
    expected.map((value) => Math.sign(value)),
  );
}

/** Runs the work in a folder that is gone afterwards. */
export async function inTemporaryFolder<T>(work: (folder: string) => Promise<T>): Promise<T> {
  const folder = mkdtempSync(path.join(tmpdir(), 'rankwise-oracle-'));
  try {
    return await work(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

export function start<J extends Job>(job: J, onEvent?: (event: EngineEvent) => void): Promise<JobResults[J['kind']]> {
  return host.start(job, onEvent).result;
}

/** The engine's logits [sequences · length × vocabulary] for a tokens file, in float32. */
export function engineLogits(
  model: string,
  adapter: string | null,
  tokens: string,
): Promise<ReturnType<typeof readFloats>> {
  return inTemporaryFolder(async (folder) => {
    const output = path.join(folder, 'logits.safetensors');
    // A job for tests alone: the app's own union of jobs does not name it.
    const job = { kind: 'logits', model, adapter, tokens, precision: 'f32', output };
    await start(job as unknown as Job);
    return readFloats(output, 'logits');
  });
}

/** Mean loss of a trajectory's tokens under the model that it starts from. */
export async function engineEvalLoss(folder: string, trajectory: Trajectory): Promise<number> {
  const storage = trajectory.run.storage ?? { weights: 'dense', doubleQuantize: false };
  const job = {
    kind: 'eval' as const,
    model: path.join(fixtures, trajectory.model),
    adapter: adapterOf(folder),
    tokens: path.join(fixtures, folder, 'tokens.safetensors'),
    precision: 'f32' as const,
    storage: storage.weights,
    doubleQuantize: storage.doubleQuantize,
    threads: 0,
    memoryBudget: 2 ** 30,
  };
  return (await start(job)).loss;
}

/** The job that trains as a trajectory's run says, on its tokens in file order, into `output`. */
export function trainJob(folder: string, trajectory: Trajectory, output: string): TrainJob {
  const tokens = path.join(fixtures, folder, 'tokens.safetensors');
  const length = readSafetensorsHeader(tokens).get('input_ids')!.shape[1]!;
  const adapter = adapterOf(folder);
  const file = parseRunFile({
    ...trajectory.run,
    model: { path: path.join(fixtures, trajectory.model) },
    initialize: 'pretrained',
    data: { train: tokens, format: 'tokens', sequenceLength: length, shuffle: false },
    method: { ...trajectory.run.method, ...(adapter ? { initializeFrom: adapter } : {}) },
    training: { ...trajectory.run.training, evalEvery: 0, checkpointEvery: 0 },
  });
  const run: TrainJob['run'] = {
    ...file,
    name: folder,
    initialize: 'pretrained',
    storage: { weights: file.storage.weights ?? 'dense', doubleQuantize: file.storage.doubleQuantize },
    device: { ...file.device, backend: 'cpu', memoryBudget: 2 ** 30 },
    output,
  };
  return {
    kind: 'train',
    run,
    runId: 'oracle',
    tokens: { train: tokens, eval: null, evalFraction: null },
    outputDir: output,
    resume: false,
    samples: [],
    sampleTokens: 1,
  };
}

/** Trains it; returns what the engine told. */
export async function trainTrajectory(folder: string, trajectory: Trajectory, output: string): Promise<TrainEvent[]> {
  const events: TrainEvent[] = [];
  await start(trainJob(folder, trajectory, output), (event) => {
    if (event.type !== 'token' && event.type !== 'progress') events.push(event);
  });
  return events;
}

export function stepsOf(events: TrainEvent[]): Extract<TrainEvent, { type: 'step' }>[] {
  return events.filter((event) => event.type === 'step');
}
