import { randomBytes } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { RankwiseError, reportOf } from '../../preload/contract/errors.ts';
import type { MemoryPlan, TrainEvent } from '../../preload/contract/events.ts';
import { parseRunFile, type Run, type RunFile } from '../../preload/contract/run-file.ts';
import type { EngineHost, JobResults, RunJob } from '../engine/host.ts';
import { copyTokenizerFiles } from '../formats/model-folder.ts';
import type { RunState } from '../store/runs.ts';
import type { Store } from '../store/store.ts';
import type { ComposedRun, RunComposer, RunFileOrigin } from './run-composer.ts';
import { claimFolder } from './run-lock.ts';
import { RunRecorder } from './run-recorder.ts';

export interface TrainingObserver {
  onEvent?: (event: TrainEvent) => void;
  onNote?: (note: string) => void;
  /** Aborting asks the run to write a checkpoint and to end. */
  signal?: AbortSignal;
}

export interface TrainingOutcome {
  id: string;
  run: Run;
  /** Stopped on request; `resume` goes on. */
  stopped: boolean;
  result: JobResults['train'];
}

const FINGERPRINT = 'fingerprint.json';

/** What a run was fed, beside its run.json: resuming on other data would be another run. */
interface DataRecord {
  run: string;
  dataHash: string;
}

/** Plans, trains and resumes runs. */
export class RunService {
  readonly #engine: EngineHost;
  readonly #composer: RunComposer;
  readonly #store: Store;

  constructor(engine: EngineHost, composer: RunComposer, store: Store) {
    this.#engine = engine;
    this.#composer = composer;
    this.#store = store;
  }

  /** The memory that a run will need, from the code that trains, without its data. */
  async plan(file: RunFile, origin: RunFileOrigin): Promise<{ run: Run; plan: MemoryPlan }> {
    const composed = await this.#composer.compose(file, origin);
    const plan = await this.#engine.start(jobOf('plan', composed, '', false)).result;
    return { run: composed.run, plan };
  }

  /** Trains a new run into its output folder. Throws E_OUTPUT where the folder holds another one. */
  async train(file: RunFile, origin: RunFileOrigin, observer: TrainingObserver = {}): Promise<TrainingOutcome> {
    const composed = await this.#composer.compose(file, origin);
    const { run } = composed;
    const release = claimFolder(run.output);
    try {
      makeRoom(run);
      const id = this.#freeId(run.name);
      keepTokenizer(composed);
      writeWhole(path.join(run.output, FINGERPRINT), { run: id, dataHash: composed.dataHash } satisfies DataRecord);
      writeWhole(path.join(run.output, 'run.json'), run);
      return await this.#execute(composed, id, false, observer);
    } finally {
      release();
    }
  }

  /** How many steps the run in a folder is to have. */
  stepsOf(folder: string): number {
    return storedRun(folder).training.steps;
  }

  /** Goes on from the newest checkpoint that verifies, or from the start where there is none yet. */
  async resume(folder: string, observer: TrainingObserver = {}): Promise<TrainingOutcome> {
    const stored = storedRun(folder);
    const { run: id, dataHash } = readJson(path.join(folder, FINGERPRINT)) as DataRecord;
    const release = claimFolder(folder);
    try {
      // The folder may have been moved since: where it lies now is where the run goes on.
      const composed = await this.#composer.compose(
        { ...stored, output: folder },
        { base: folder, folder, name: path.basename(folder) },
      );
      if (composed.dataHash !== dataHash) {
        throw new RankwiseError(
          'E_RESUME',
          'The data of this run have changed since it began, so it cannot go on.',
          'Restore the data, or start a new run.',
        );
      }
      return await this.#execute(composed, id, true, observer);
    } finally {
      release();
    }
  }

  async #execute(
    composed: ComposedRun,
    id: string,
    resume: boolean,
    observer: TrainingObserver,
  ): Promise<TrainingOutcome> {
    const { run } = composed;
    await this.#open(id, composed, resume);
    for (const note of composed.notes) observer.onNote?.(note);
    const recorder = new RunRecorder(this.#store, id, run.output, resume);
    let state: RunState = 'failed';
    try {
      const job = this.#engine.start(jobOf('train', composed, id, resume), (event) => {
        if (event.type === 'token') return;
        const told = complete(event, id, composed);
        recorder.take(told);
        observer.onEvent?.(told);
      });
      const stop = (): void => job.cancel();
      observer.signal?.addEventListener('abort', stop);
      if (observer.signal?.aborted) stop();
      const result = await job.result.finally(() => observer.signal?.removeEventListener('abort', stop));
      copyTokenizer(composed);
      state = result.stopped ? 'stopped' : 'finished';
      this.#store.runs.end(id, state, Date.now(), { result });
      return { id, run, stopped: result.stopped ?? false, result };
    } catch (error) {
      this.#store.runs.end(id, state, Date.now(), { error: reportOf(error) });
      throw error;
    } finally {
      recorder.close();
    }
  }

  // The record of the run: a new one, or the old one again; one that was deleted or belongs to another machine is made anew.
  async #open(id: string, { run, dataHash }: ComposedRun, resume: boolean): Promise<void> {
    if (resume && this.#store.runs.startingWith(id).some((record) => record.id === id)) {
      this.#store.runs.restart(id, process.pid);
      return;
    }
    const { engineVersion, isa } = await this.#engine.info();
    const parent =
      run.model.path && path.basename(run.model.path) === 'model'
        ? this.#store.runs.byOutput(path.dirname(run.model.path))
        : undefined;
    this.#store.runs.insert({
      id,
      name: run.name,
      method: run.method.name,
      config: run,
      output: run.output,
      dataHash,
      engine: `${engineVersion} ${isa}`,
      parent: parent?.id ?? null,
      process: process.pid,
      createdAt: Date.now(),
    });
  }

  #freeId(name: string): string {
    const slug =
      name
        .toLowerCase()
        .replace(/[^a-z0-9]+/g, '-')
        .replace(/^-+|-+$/g, '')
        .slice(0, 40) || 'run';
    for (;;) {
      const id = `${slug}-${randomBytes(3).toString('hex')}`;
      if (this.#store.runs.startingWith(id).length === 0) return id;
    }
  }
}

function jobOf<Kind extends 'plan' | 'train'>(
  kind: Kind,
  { run, tokens, samples }: ComposedRun,
  runId: string,
  resume: boolean,
): RunJob<Kind> {
  return {
    kind,
    run,
    runId,
    tokens,
    outputDir: run.output,
    resume,
    samples,
    sampleTokens: run.training.sampleTokens,
  };
}

// The engine knows neither the record's id nor letters.
function complete(event: TrainEvent, id: string, composed: ComposedRun): TrainEvent {
  if (event.type === 'start') return { ...event, run: id };
  if (event.type === 'sample' && event.ids) return { ...event, text: composed.tokenizer().decode(event.ids) };
  return event;
}

// What a run writes into its folder; nothing else there is touched.
const RESULTS = ['model', 'adapter', 'checkpoints'];
const OWN_FILES = ['run.json', FINGERPRINT, 'events.jsonl', 'tokenizer', ...RESULTS];

// An output folder belongs to one run. What holds no result yet (a run that was refused, say) may be begun anew, and so may the
// same run when it is finished: it ends with the same bits.
function makeRoom(run: Run): void {
  const inFolder = (name: string): string => path.join(run.output, name);
  const results = RESULTS.filter((name) => existsSync(inFolder(name)) && readdirSync(inFolder(name)).length > 0);
  const isRun = existsSync(inFolder(FINGERPRINT)) && existsSync(inFolder('run.json'));
  const finished = results.includes('model') || results.includes('adapter');
  if (results.length > 0 && !(isRun && finished && isSameRun(readJson(inFolder('run.json')), run))) {
    throw new RankwiseError(
      'E_OUTPUT',
      `The output folder ${run.output} holds ${isRun ? 'another run' : `a folder “${results[0]}” of something else`}.`,
      `Name another folder with "output"${isRun ? ', or go on with that run: rankwise resume' : ''}.`,
    );
  }
  if (isRun) for (const name of OWN_FILES) rmSync(inFolder(name), { recursive: true, force: true });
}

function isSameRun(stored: unknown, run: Run): boolean {
  const comparable = (each: Run): object => ({ ...each, model: { ...each.model, tokenizer: undefined } });
  return isDeepStrictEqual(comparable(stored as Run), comparable(JSON.parse(JSON.stringify(run)) as Run));
}

// The tokenizer goes into the run's own folder, so that the run can go on when caches have been emptied.
function keepTokenizer({ run, tokenizerPlace }: ComposedRun): void {
  if (tokenizerPlace === null) return;
  const folder = path.join(run.output, 'tokenizer');
  copyTokenizerFiles(statSync(tokenizerPlace).isDirectory() ? tokenizerPlace : path.dirname(tokenizerPlace), folder);
  run.model = { ...run.model, tokenizer: folder };
}

// Beside every model or adapter that the run has left.
function copyTokenizer({ run, tokenizerPlace }: ComposedRun): void {
  if (tokenizerPlace === null) return;
  for (const name of ['model', 'adapter']) {
    const folder = path.join(run.output, name);
    if (existsSync(folder)) copyTokenizerFiles(path.join(run.output, 'tokenizer'), folder);
  }
}

function storedRun(folder: string): RunFile {
  const file = path.join(folder, 'run.json');
  if (!existsSync(file)) {
    throw new RankwiseError(
      'E_RESUME',
      `${folder} holds no run: run.json is missing.`,
      'Name the output folder of a run.',
    );
  }
  return parseRunFile(readJson(file));
}

function readJson(file: string): unknown {
  try {
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch (error) {
    throw new RankwiseError('E_RESUME', `${file} cannot be read: ${reportOf(error).message}.`);
  }
}

function writeWhole(file: string, value: object): void {
  writeFileSync(`${file}.part`, `${JSON.stringify(value, null, 2)}\n`);
  renameSync(`${file}.part`, file);
}
