import path from 'node:path';
import type { RunDraft } from '../../preload/contract/api.ts';
import { RankwiseError } from '../../preload/contract/errors.ts';
import type { MemoryPlan } from '../../preload/contract/events.ts';
import { NAME_LENGTH, parseRunFile, type RunFile } from '../../preload/contract/run-file.ts';
import type { BudgetOption, PlannedRun } from '../../preload/contract/runs.ts';
import type { NewRun } from '../store/runs.ts';
import type { Store } from '../store/store.ts';
import type { BudgetSolver } from './budget.ts';
import { checkpointOf } from './forks.ts';
import { freshId } from './ids.ts';
import type { RecordService } from './records.ts';
import type { RunFileOrigin } from './run-composer.ts';
import type { RunManager } from './run-manager.ts';
import type { RunRegister } from './run-register.ts';
import type { RunService } from './runs.ts';
import type { SettingsService } from './settings.ts';
import { bytes } from '../../preload/contract/figures.ts';

export interface RunLauncherParts {
  store: Store;
  runs: RunService;
  register: RunRegister;
  records: RecordService;
  manager: RunManager;
  solver: BudgetSolver;
  /** What a draft leaves open. */
  settings: SettingsService;
  /** Folder that the runs' folders lie in, by project. */
  folder: string;
}

/** From what a screen has written to a run in the queue. */
export class RunLauncher {
  readonly #parts: RunLauncherParts;

  constructor(parts: RunLauncherParts) {
    this.#parts = parts;
  }

  /** Throws E_RUN_FILE and what composing and planning throw. */
  plan(draft: RunDraft): Promise<PlannedRun> {
    const { file, origin } = this.#read(draft);
    return this.#parts.runs.plan(file, origin);
  }

  /** Ways to train the draft's model on its data inside a budget. Throws what `plan` throws. */
  async solve(draft: RunDraft, budgetBytes: number): Promise<BudgetOption[]> {
    const { file, origin } = this.#read(draft);
    const { run, planBytes } = await this.#parts.runs.planner(file, origin);
    return this.#parts.solver.solve(file, run, budgetBytes, planBytes);
  }

  /**
   * Puts a run into the queue. Throws E_BUDGET for what does not fit, E_PROJECT, and what planning throws.
   * @param first before all others that wait
   * @returns the run's id
   */
  async start(draft: RunDraft, project: string, first: boolean): Promise<string> {
    return (await this.startAll([draft], project, first))[0]!;
  }

  /** Several at once: none is queued before all of them are known to fit. @returns the runs' ids */
  async startAll(drafts: readonly RunDraft[], project: string, first: boolean): Promise<string[]> {
    const ready = [];
    for (const draft of drafts) ready.push(await this.#ready(draft));
    return ready.map((run) => this.#queue(run, project, first));
  }

  async #ready(draft: RunDraft): Promise<Pick<NewRun, 'name' | 'config'> & Partial<NewRun>> {
    const { run, plan } = await this.plan(draft);
    requireFit(plan);
    const source = run.from && this.#parts.records.find(run.from.run);
    if (run.from) checkpointOf(this.#parts.store, run.from.run, run.from.step);
    const parent = source?.id ?? this.#parts.register.parentOf(run);
    return { name: run.name, config: run, plan, parent, parentStep: run.from?.step };
  }

  /** A draft that goes on from a checkpoint. Throws E_RUN, E_FORK. @param step null = the newest */
  fork(id: string, step: number | null): RunDraft {
    const record = this.#parts.records.find(id);
    const checkpoint = checkpointOf(this.#parts.store, record.id, step);
    const { output: _, training, ...config } = record.config;
    return {
      ...config,
      name: withAddition(record.name, `, from step ${checkpoint.step}`),
      // Steps are counted from the first run's beginning: a fork of its end needs some of its own.
      training: {
        ...training,
        steps: checkpoint.step < training.steps ? training.steps : checkpoint.step + training.steps,
      },
      from: { run: record.id, step: checkpoint.step },
    };
  }

  /** The same record once more, at the end of the queue. Throws E_RUN. @returns the new run's id */
  reproduce(id: string): string {
    const record = this.#parts.records.find(id);
    const { config, plan, parent, parentStep, project } = record;
    return this.#queue(
      { name: withAddition(record.name, ', again'), config, plan, parent, parentStep, reproduces: record.id },
      project,
      false,
    );
  }

  #read(draft: RunDraft): { file: RunFile; origin: RunFileOrigin } {
    const folder = path.join(this.#parts.folder, 'draft');
    const written = parseRunFile({ ...draft, output: undefined });
    const { settings } = this.#parts;
    const device = {
      ...written.device,
      memoryBudget: written.device.memoryBudget ?? settings.budgetBytes(),
      threads: written.device.threads || settings.threads(),
    };
    const file = { ...written, device };
    return { file, origin: { base: folder, folder, name: 'Untitled run' } };
  }

  #queue(run: Pick<NewRun, 'name' | 'config'> & Partial<NewRun>, project: string, first: boolean): string {
    const { store, manager, folder } = this.#parts;
    if (!store.projects.find(project))
      throw new RankwiseError('E_PROJECT', `There is no project “${project}”.`, 'It may have been removed.');
    const id = freshId(run.name, 'run');
    const output = path.join(folder, project, id);
    const createdAt = Date.now();
    store.runs.insert({
      ...run,
      parentStep: run.parentStep ?? null,
      config: { ...run.config, name: run.name, output },
      id,
      project,
      output,
      state: 'queued',
      createdAt,
    });
    store.projects.touch(project, createdAt);
    manager.enqueue(id, first);
    return id;
  }
}

function requireFit({ fits, planBytes, budgetBytes, suggestions }: MemoryPlan): void {
  if (fits) return;
  const [best] = suggestions;
  throw new RankwiseError(
    'E_BUDGET',
    `This run needs ${bytes(planBytes)} of memory; its budget is ${bytes(budgetBytes)}.`,
    best ? `${best.change} saves ${bytes(best.savesBytes)}.` : 'Choose a smaller model or another method.',
  );
}

/** A name with what is said of it, within what a name may be long. A character of two code units is not cut in halves. */
function withAddition(name: string, addition: string): string {
  const room = NAME_LENGTH - addition.length;
  const kept = name.length <= room ? name : `${name.slice(0, room - 1).replace(/[\uD800-\uDBFF]$/, '')}…`;
  return kept + addition;
}
