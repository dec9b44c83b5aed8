import { randomBytes } from 'node:crypto';
import path from 'node:path';
import { RankwiseError, reportOf } from '../../preload/contract/errors.ts';
import type { MemoryPlan, TrainEvent } from '../../preload/contract/events.ts';
import type { Run, RunFile } from '../../preload/contract/run-file.ts';
import type { EngineHost, JobResults, RunJob } from '../engine/host.ts';
import type { RunState } from '../store/runs.ts';
import type { Store } from '../store/store.ts';
import type { ComposedRun, RunComposer, RunFileOrigin } from './run-composer.ts';
import { makeRoom, readRunFolder, spreadTokenizer, writeRunFolder } from './run-folder.ts';
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
    const composed = await this.#composer.compose(file, origin, 'plan');
    const plan = await this.#engine.start(jobOf('plan', composed, '', false)).result;
    return { run: composed.run, plan };
  }

  /** Trains a new run into its output folder. Throws E_OUTPUT where the folder holds another one. */
  async train(file: RunFile, origin: RunFileOrigin, observer: TrainingObserver = {}): Promise<TrainingOutcome> {
    const composed = await this.#composer.compose(file, origin);
    const { run } = composed;
    const release = await claimFolder(run.output);
    try {
      makeRoom(run);
      const id = this.#freeId(run.name);
      const stored = writeRunFolder(run, { run: id, dataHash: composed.dataHash }, composed.tokenizerPlace);
      return await this.#execute({ ...composed, run: stored }, id, false, observer);
    } finally {
      release();
    }
  }

  /** How many steps the run in a folder is to have. */
  stepsOf(folder: string): number {
    return readRunFolder(folder).file.training.steps;
  }

  /** Goes on from the newest checkpoint that verifies, or from the start where there is none yet. */
  async resume(folder: string, observer: TrainingObserver = {}): Promise<TrainingOutcome> {
    const { file, fingerprint } = readRunFolder(folder);
    const release = await claimFolder(folder);
    try {
      // The folder may have been moved since: where it lies now is where the run goes on.
      const composed = await this.#composer.compose(
        { ...file, output: folder },
        { base: folder, folder, name: path.basename(folder) },
      );
      if (composed.dataHash !== fingerprint.dataHash) {
        throw new RankwiseError(
          'E_RESUME',
          'The data of this run have changed since it began, so it cannot go on.',
          'Restore the data, or start a new run.',
        );
      }
      return await this.#execute(composed, fingerprint.run, true, observer);
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
        if (event.type === 'token' || event.type === 'progress') return;
        const told = complete(event, id, composed);
        recorder.take(told);
        observer.onEvent?.(told);
      });
      const stop = (): void => job.cancel();
      observer.signal?.addEventListener('abort', stop);
      if (observer.signal?.aborted) stop();
      const result = await job.result.finally(() => observer.signal?.removeEventListener('abort', stop));
      spreadTokenizer(run.output);
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
