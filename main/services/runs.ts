import path from 'node:path';
import { RankwiseError, reportOf } from '../../preload/contract/errors.ts';
import type { TrainEvent } from '../../preload/contract/events.ts';
import { parseRunFile, type Run, type RunFile } from '../../preload/contract/run-file.ts';
import type { PlannedRun } from '../../preload/contract/runs.ts';
import type { EngineHost, JobRequest, JobResults } from '../engine/host.ts';
import type { NewRun, RunState } from '../store/runs.ts';
import type { Store } from '../store/store.ts';
import type { DataProgress } from './data-stages.ts';
import { copyCheckpoint } from './forks.ts';
import { freshId } from './ids.ts';
import type { NoticeHub } from './notices.ts';
import type { ComposedRun, RunComposer, RunFileOrigin } from './run-composer.ts';
import { type Fingerprint, makeRoom, readRunFolder, spreadTokenizer, writeRunFolder } from './run-folder.ts';
import type { RunFolders } from './run-folders.ts';
import { claimFolder } from './run-lock.ts';
import { complete, jobOf } from './run-job.ts';
import { EventLog, RunRecorder } from './run-recorder.ts';
import { keepRunPassport } from './run-passport.ts';
import type { RunRegister } from './run-register.ts';
import type { TaskService } from './tasks.ts';

/** What can be asked of a run while it trains. */
export interface RunControl {
  ask(what: JobRequest): void;
}

export interface TrainingObserver {
  onEvent?: (event: TrainEvent) => void;
  onNote?: (note: string) => void;
  /** Its data are being made ready. */
  onPreparing?: (progress: DataProgress) => void;
  /** The engine has the run. */
  onControl?: (control: RunControl) => void;
  /** Aborting asks the run to write a checkpoint and to end; while its data are being made ready, it ends at once with E_CANCELLED. */
  signal?: AbortSignal;
}

export interface TrainingOutcome {
  id: string;
  run: Run;
  /** Paused on request; `resume` goes on. */
  stopped: boolean;
  result: JobResults['train'];
}

export interface RunServiceParts {
  engine: EngineHost;
  composer: RunComposer;
  store: Store;
  notices: NoticeHub;
  tasks: TaskService;
  folders: RunFolders;
  register: RunRegister;
}

/** Plans, trains and resumes runs. */
export class RunService {
  readonly #engine: EngineHost;
  readonly #composer: RunComposer;
  readonly #store: Store;
  readonly #notices: NoticeHub;
  readonly #tasks: TaskService;
  readonly #folders: RunFolders;
  readonly #register: RunRegister;

  constructor({ engine, composer, store, notices, tasks, folders, register }: RunServiceParts) {
    this.#engine = engine;
    this.#composer = composer;
    this.#store = store;
    this.#notices = notices;
    this.#tasks = tasks;
    this.#folders = folders;
    this.#register = register;
  }

  /** The memory that a run will need, from the code that trains, without its data. */
  async plan(file: RunFile, origin: RunFileOrigin): Promise<PlannedRun> {
    const composed = await this.#composer.compose(file, origin, 'plan');
    const plan = await this.#engine.start(jobOf('plan', composed, '', false)).result;
    return { run: composed.run, plan, sequences: composed.sequences, notes: composed.notes };
  }

  /** Bytes of a run's variants, which share its data: composed once, planned as often as asked. */
  async planner(file: RunFile, origin: RunFileOrigin): Promise<{ run: Run; planBytes: (run: Run) => Promise<number> }> {
    const composed = await this.#composer.compose(file, origin, 'plan');
    const planBytes = async (run: Run): Promise<number> =>
      (await this.#engine.start(jobOf('plan', { ...composed, run }, '', false)).result).planBytes;
    return { run: composed.run, planBytes };
  }

  /** Trains a new run of the terminal into its output folder. Throws E_OUTPUT where the folder holds another one. */
  async train(file: RunFile, origin: RunFileOrigin, observer: TrainingObserver = {}): Promise<TrainingOutcome> {
    const id = freshId(file.name ?? origin.name, 'run');
    return this.#begin(await this.#prepare(id, file, origin, observer), id, observer);
  }

  /** Trains a run that has a record already: one that waited in the queue. */
  async begin(id: string, observer: TrainingObserver = {}): Promise<TrainingOutcome> {
    const { config, output } = this.#store.runs.find(id)!;
    const origin = { base: output, folder: output, name: path.basename(output) };
    return this.#begin(await this.#prepare(id, parseRunFile(config), origin, observer), id, observer);
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
      const composed = await this.#prepare(
        fingerprint.run,
        { ...file, output: folder },
        { base: folder, folder, name: path.basename(folder) },
        observer,
      );
      if (composed.dataHash !== fingerprint.dataHash) {
        throw new RankwiseError(
          'E_RESUME',
          'The data of this run have changed since it began, so it cannot go on.',
          'Restore the data, or start a new run.',
        );
      }
      return await this.#execute(composed, fingerprint, true, observer);
    } finally {
      release();
    }
  }

  /** Composes a run as a task. */
  #prepare(id: string, file: RunFile, origin: RunFileOrigin, observer: TrainingObserver): Promise<ComposedRun> {
    const title = `Preparing the data of ${file.name ?? origin.name}`;
    return this.#tasks.run(`prepare ${id}`, title, 'bytes', (progress, cancelled) => {
      const signal = observer.signal ? AbortSignal.any([cancelled, observer.signal]) : cancelled;
      const onProgress = (told: DataProgress): void => {
        progress(told.done, told.total, told.title);
        observer.onPreparing?.(told);
      };
      return this.#composer.compose(file, origin, 'train', { signal, onProgress });
    });
  }

  async #begin(composed: ComposedRun, id: string, observer: TrainingObserver): Promise<TrainingOutcome> {
    const { run } = composed;
    const release = await claimFolder(run.output);
    try {
      makeRoom(run);
      const parentRecord = run.from && copyCheckpoint(this.#store, run.from, run.output);
      const fingerprint = { ...(await this.#register.fingerprint(id, composed)), parentRecord };
      const stored = writeRunFolder(run, fingerprint, composed.tokenizerPlace);
      this.#folders.remember(run.output);
      return await this.#execute({ ...composed, run: stored }, fingerprint, parentRecord !== undefined, observer);
    } finally {
      release();
    }
  }

  async #execute(
    composed: ComposedRun,
    fingerprint: Fingerprint,
    resume: boolean,
    observer: TrainingObserver,
  ): Promise<TrainingOutcome> {
    const { run } = composed;
    const id = fingerprint.run;
    this.#register.open(composed, fingerprint);
    keepRunPassport(this.#store, id);
    for (const note of composed.notes) observer.onNote?.(note);
    const log = new EventLog(run.output, resume);
    const recorder = new RunRecorder(this.#store, this.#notices, id);
    const before = run.from && {
      tokens: this.#store.metrics.last(run.from.run, 'tokens', run.from.step) ?? 0,
      seconds: this.#store.metrics.last(run.from.run, 'seconds', run.from.step) ?? 0,
    };
    recorder.state('running', resume ? 'The run goes on.' : 'The run begins.', Date.now());
    const end = (state: RunState, message: string, more: Partial<NewRun>): void => {
      this.#store.runs.update(id, { ...more, state, process: null, endedAt: Date.now() });
      this.#store.projects.touch(this.#store.runs.find(id)?.project ?? '', Date.now());
      recorder.state(state, message, Date.now());
    };
    try {
      const job = this.#engine.start(
        { ...jobOf('train', composed, id, resume), parentRecord: fingerprint.parentRecord ?? null },
        (event) => {
          if (event.type === 'token' || event.type === 'progress') return;
          const told = complete(event, id, composed, before);
          log.write(told);
          recorder.take(told, Date.now());
          observer.onEvent?.(told);
        },
      );
      const pause = (): void => job.cancel();
      observer.onControl?.({ ask: (what) => job.ask(what) });
      observer.signal?.addEventListener('abort', pause);
      if (observer.signal?.aborted) pause();
      const result = await job.result.finally(() => observer.signal?.removeEventListener('abort', pause));
      spreadTokenizer(run.output);
      const state = result.stopped ? 'paused' : result.stoppedEarly ? 'stopped' : 'finished';
      end(state, ENDS[state], { result, error: null });
      return { id, run, stopped: result.stopped ?? false, result };
    } catch (error) {
      const report = reportOf(error);
      end(report.code === 'E_ENGINE_DIED' ? 'interrupted' : 'failed', report.message, { error: report });
      throw error;
    } finally {
      recorder.close();
      log.close();
    }
  }
}

const ENDS = {
  finished: 'The run is finished.',
  paused: 'The run is paused: it goes on from its checkpoint.',
  stopped: 'The run was stopped; what it had learned is saved.',
};
