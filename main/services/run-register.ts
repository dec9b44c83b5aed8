import path from 'node:path';
import type { Run } from '../../preload/contract/run-file.ts';
import type { EngineHost } from '../engine/host.ts';
import { TERMINAL_PROJECT } from '../store/projects.ts';
import type { Store } from '../store/store.ts';
import type { ComposedRun } from './run-composer.ts';
import type { Fingerprint } from './run-folder.ts';

/** Says who a run is: in its folder, and in the records. */
export class RunRegister {
  readonly #store: Store;
  readonly #engine: EngineHost;

  constructor(store: Store, engine: EngineHost) {
    this.#store = store;
    this.#engine = engine;
  }

  /** What a run's folder is to say of it. Runs without a record are of the terminal. */
  async fingerprint(id: string, { run, dataHash }: ComposedRun): Promise<Fingerprint> {
    const record = this.#store.runs.find(id);
    const project = record ? this.#store.projects.find(record.project) : undefined;
    const { engineVersion, isa } = await this.#engine.info();
    return {
      run: id,
      dataHash,
      engine: `${engineVersion} ${isa}`,
      createdAt: record?.createdAt ?? Date.now(),
      project: project ? { id: project.id, name: project.name } : TERMINAL_PROJECT,
      parent: record?.parent ?? this.parentOf(run) ?? undefined,
      reproduces: record?.reproduces ?? undefined,
    };
  }

  /**
   * The record of a run that begins or goes on in this process: a new one, or the old one again; one that was deleted or belongs to
   * another machine is made anew.
   */
  open({ run }: ComposedRun, { run: id, dataHash, engine, project, parent, reproduces, createdAt }: Fingerprint): void {
    const running = { state: 'running' as const, place: null, process: process.pid, config: run, output: run.output };
    if (this.#store.runs.find(id)) {
      this.#store.runs.update(id, { ...running, dataHash, engine, error: null, endedAt: null });
      return;
    }
    const home = project ?? TERMINAL_PROJECT;
    const known = (other: string | undefined): string | null => (other && this.#store.runs.find(other) ? other : null);
    this.#store.projects.insert({ ...home, createdAt: createdAt ?? Date.now() });
    this.#store.runs.insert({
      ...running,
      id,
      project: home.id,
      name: run.name,
      dataHash,
      engine,
      parent: known(parent),
      parentStep: run.from?.step ?? null,
      reproduces: known(reproduces),
      createdAt: createdAt ?? Date.now(),
    });
  }

  /** The run that a run is forked from, or whose model it begins with; null where it has none. */
  parentOf(run: Run): string | null {
    if (run.from) return run.from.run;
    if (run.model.path === undefined || path.basename(run.model.path) !== 'model') return null;
    return this.#store.runs.byOutput(path.dirname(run.model.path))?.id ?? null;
  }
}
