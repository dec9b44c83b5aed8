import { existsSync, rmSync } from 'node:fs';
import path from 'node:path';
import { type ErrorReport, RankwiseError } from '../../preload/contract/errors.ts';
import type { RunRecord } from '../store/runs.ts';
import type { CheckpointRecord } from '../store/checkpoints.ts';
import type { Store } from '../store/store.ts';
import { FoldersInUse } from './folders-in-use.ts';
import { isAlive } from './run-lock.ts';
import { keepRunPassport } from './run-passport.ts';
import { settingsOf } from './run-settings.ts';

export interface RunDetails extends RunRecord {
  loss: { step: number; value: number | null }[];
  evalLoss: { step: number; value: number | null }[];
  events: { step: number | null; kind: string }[];
  checkpoints: CheckpointRecord[];
}

export interface Comparison {
  runs: {
    id: string;
    name: string;
    state: string;
    finalLoss: number | null;
    evalLoss: number | null;
    perplexity: number | null;
    planBytes: number | null;
    peakBytes: number | null;
    tokensPerSecond: number | null;
    seconds: number | null;
  }[];
  /** Settings in which the runs differ, by their path in the run file; one value a run, null where it has none. */
  differences: { setting: string; values: unknown[] }[];
}

const PROCESS_DIED: ErrorReport = {
  code: 'E_INTERRUPTED',
  message: 'The program ended while this run was training.',
  hint: 'Resume it: it goes on from its newest checkpoint.',
};

/** What is known of runs: listing, comparing, deleting. */
export class RecordService {
  readonly #store: Store;
  readonly #inUse: FoldersInUse;

  constructor(store: Store, inUse = new FoldersInUse()) {
    this.#store = store;
    this.#inUse = inUse;
  }

  /** Newest first. A run whose process has died without a word is told as interrupted. */
  list(project: string | null = null): RunRecord[] {
    return this.#store.runs.list(project).map((run) => this.#settled(run));
  }

  /** @param id an id or its beginning. Throws E_RUN where none or several fit. */
  find(id: string): RunRecord {
    const found = this.#store.runs.startingWith(id);
    const run = found.find((each) => each.id === id) ?? (found.length === 1 ? found[0] : undefined);
    if (run) return this.#settled(run);
    if (found.length > 1)
      throw new RankwiseError(
        'E_RUN',
        `“${id}” begins ${found.length} ids: ${found.map((each) => each.id).join(', ')}.`,
      );
    throw new RankwiseError('E_RUN', `There is no run “${id}”.`, 'See: rankwise runs list');
  }

  show(id: string): RunDetails {
    const run = this.find(id);
    return {
      ...run,
      loss: this.#store.metrics.series(run.id, 'loss'),
      evalLoss: this.#store.metrics.series(run.id, 'evalLoss'),
      events: this.#store.events.list(run.id).map(({ step, kind }) => ({ step, kind })),
      checkpoints: this.#store.checkpoints.list(run.id).filter((checkpoint) => existsSync(checkpoint.path)),
    };
  }

  compare(ids: readonly string[]): Comparison {
    const runs = ids.map((id) => this.find(id));
    const differences = settingsOf(runs)
      .filter(({ differs }) => differs)
      .map(({ setting, values }) => ({ setting, values }));
    return { runs: runs.map((run) => this.#outcome(run)), differences };
  }

  /** Writes down what the user says of a run. Throws E_RUN, E_NAME, E_PROJECT. */
  annotate(id: string, changes: Partial<Pick<RunRecord, 'name' | 'tags' | 'note' | 'pinned' | 'project'>>): void {
    const run = this.find(id);
    const name = changes.name?.trim();
    if (name === '') throw new RankwiseError('E_NAME', 'The run needs a name.');
    if (changes.project !== undefined && !this.#store.projects.find(changes.project))
      throw new RankwiseError('E_PROJECT', `There is no project “${changes.project}”.`, 'It may have been removed.');
    this.#store.runs.update(run.id, { ...changes, name: name ?? run.name });
    keepRunPassport(this.#store, run.id);
    this.#store.projects.touch(changes.project ?? run.project, Date.now());
  }

  /** Throws E_BUSY for a run that is being trained, and with `files` for one whose model or adapter is in use. */
  requireRemovable(id: string, files: boolean): void {
    const run = this.find(id);
    if (run.state === 'running') {
      const by = run.process === process.pid ? '' : ` by process ${run.process}`;
      throw new RankwiseError('E_BUSY', `The run ${run.id} is being trained${by}.`, 'Stop it first.');
    }
    if (files) this.#inUse.requireFree(run.output, run.name);
  }

  /** Forgets a run; `files` removes its output folder too. Throws E_BUSY as `requireRemovable` does. */
  delete(id: string, { files = false } = {}): RunRecord {
    const run = this.find(id);
    this.requireRemovable(run.id, files);
    this.#store.runs.delete(run.id);
    this.#store.projects.touch(run.project, Date.now());
    // Only what is a run's folder for sure.
    if (files && existsSync(path.join(run.output, 'run.json'))) rmSync(run.output, { recursive: true });
    return run;
  }

  /**
   * Tells runs as interrupted that are said to be trained by this process and are not: an earlier program had its number.
   * @param training the one that is; null for none
   */
  interruptOwn(training: string | null): void {
    for (const run of this.#store.runs.inState('running'))
      if (run.process === process.pid && run.id !== training) this.#interrupt(run);
  }

  #settled(run: RunRecord): RunRecord {
    if (run.state !== 'running' || (run.process !== null && isAlive(run.process))) return run;
    return this.#interrupt(run);
  }

  #interrupt(run: RunRecord): RunRecord {
    const ended = { state: 'interrupted' as const, process: null, endedAt: Date.now(), error: PROCESS_DIED };
    this.#store.runs.update(run.id, ended);
    return { ...run, ...ended };
  }

  #outcome(run: RunRecord): Comparison['runs'][number] {
    const last = (key: string): number | null => this.#store.metrics.series(run.id, key).at(-1)?.value ?? null;
    const evalLoss = last('evalLoss');
    const speeds = this.#store.metrics
      .series(run.id, 'tokensPerSecond')
      .flatMap(({ value }) => (value === null ? [] : [value]));
    return {
      id: run.id,
      name: run.name,
      state: run.state,
      finalLoss: run.result?.finalLoss ?? last('loss'),
      evalLoss,
      perplexity: evalLoss === null ? null : Math.exp(evalLoss),
      planBytes: run.plan?.planBytes ?? null,
      peakBytes: run.result?.peakBytes ?? last('peakBytes'),
      tokensPerSecond: speeds.length > 0 ? median(speeds) : null,
      seconds: run.result?.seconds ?? null,
    };
  }
}

function median(values: number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)]!;
}
