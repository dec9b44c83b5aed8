import { existsSync, readdirSync, rmdirSync } from 'node:fs';
import path from 'node:path';
import { RankwiseError } from '../../preload/contract/errors.ts';
import type { Project } from '../../preload/contract/projects.ts';
import type { RunSummary } from '../../preload/contract/runs.ts';
import type { ProjectRecord } from '../store/projects.ts';
import type { Store } from '../store/store.ts';
import { foldersBytes } from './folder-size.ts';
import { freshId } from './ids.ts';
import type { NoticeHub } from './notices.ts';
import type { RecordService } from './records.ts';
import { keepRunPassport } from './run-passport.ts';
import type { RunSummaries } from './run-summaries.ts';

/** Projects: runs that belong together. */
export class ProjectService {
  readonly #store: Store;
  readonly #records: RecordService;
  readonly #summaries: RunSummaries;
  readonly #notices: NoticeHub;
  readonly #folder: string;

  /** @param folder that the runs' folders lie in, by project */
  constructor(store: Store, records: RecordService, summaries: RunSummaries, notices: NoticeHub, folder: string) {
    this.#store = store;
    this.#records = records;
    this.#summaries = summaries;
    this.#notices = notices;
    this.#folder = folder;
  }

  /** Last changed first. */
  async list(): Promise<Project[]> {
    const runs = Map.groupBy(await this.#summaries.list(), ({ project }) => project);
    return Promise.all(this.#store.projects.list().map((record) => this.#project(record, runs.get(record.id) ?? [])));
  }

  async get(id: string): Promise<Project> {
    return this.#project(this.#find(id), await this.#summaries.list(id));
  }

  /** Throws E_NAME for a name that is taken. */
  async create(name: string): Promise<Project> {
    const id = freshId(name, 'project');
    this.#store.projects.insert({ id, name: this.#checked(name), createdAt: Date.now() });
    this.#changed();
    return this.get(id);
  }

  /** Throws E_PROJECT, or E_NAME for a name that is taken. */
  async rename(id: string, name: string): Promise<Project> {
    this.#find(id);
    this.#store.projects.rename(id, this.#checked(name, id));
    for (const run of this.#records.list(id)) keepRunPassport(this.#store, run.id);
    this.#changed();
    return this.get(id);
  }

  /** Its runs' records go too, and with `files` their folders. Throws E_PROJECT, or E_BUSY while one of them trains or is in use. */
  remove(id: string, files: boolean): void {
    this.#find(id);
    const runs = this.#records.list(id);
    for (const run of runs) this.#records.requireRemovable(run.id, files);
    for (const run of runs) this.#records.delete(run.id, { files });
    this.#store.projects.delete(id);
    removeEmpty(path.join(this.#folder, id));
    this.#changed();
    this.#notices.publish({ topic: 'changed', noun: 'runs' });
  }

  /** The project of a name, made where there is none. */
  async named(name: string): Promise<Project> {
    const there = this.#store.projects.list().find((each) => each.name === name);
    return there ? this.get(there.id) : this.create(name);
  }

  #find(id: string): ProjectRecord {
    const record = this.#store.projects.find(id);
    if (record) return record;
    throw new RankwiseError('E_PROJECT', `There is no project “${id}”.`, 'It may have been removed.');
  }

  #checked(name: string, own?: string): string {
    const wanted = name.trim();
    if (wanted === '') throw new RankwiseError('E_NAME', 'The project needs a name.');
    if (this.#store.projects.list().some((each) => each.name === wanted && each.id !== own))
      throw new RankwiseError('E_NAME', `There is a project “${wanted}” already.`, 'Choose another name.');
    return wanted;
  }

  async #project(record: ProjectRecord, runs: readonly RunSummary[]): Promise<Project> {
    return {
      ...record,
      runs: runs.length,
      active: runs.filter(({ state }) => state === 'running' || state === 'queued').length,
      diskBytes: await foldersBytes(this.#records.list(record.id).map(({ output }) => output)),
      best: bestOf(runs),
    };
  }

  #changed(): void {
    this.#notices.publish({ topic: 'changed', noun: 'projects' });
  }
}

function removeEmpty(folder: string): void {
  if (existsSync(folder) && readdirSync(folder).length === 0) rmdirSync(folder);
}

/** By evaluation loss, or by loss where nothing was evaluated. */
function bestOf(runs: readonly RunSummary[]): Project['best'] {
  const evaluated = runs.filter((run) => run.bestEvalLoss !== null);
  const score = evaluated.length > 0 ? ({ bestEvalLoss }: RunSummary) => bestEvalLoss : ({ loss }: RunSummary) => loss;
  const best = runs.filter((run) => score(run) !== null).toSorted((a, b) => score(a)! - score(b)!)[0];
  if (!best) return null;
  return { run: best.id, name: best.name, loss: best.loss, evalLoss: best.bestEvalLoss, spark: best.spark };
}
