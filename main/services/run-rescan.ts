import { createReadStream, existsSync, statSync } from 'node:fs';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { reportOf } from '../../preload/contract/errors.ts';
import type { TrainDone, TrainEvent } from '../../preload/contract/events.ts';
import { TERMINAL_PROJECT } from '../store/projects.ts';
import type { RunState } from '../store/runs.ts';
import type { Store } from '../store/store.ts';
import { NoticeHub } from './notices.ts';
import { type Fingerprint, readRunFolder, type StoredRun } from './run-folder.ts';
import type { RunFolders } from './run-folders.ts';
import { EVENTS_FILE, RunRecorder } from './run-recorder.ts';
import { readRunPassport } from './run-passport.ts';
import type { Progress } from './tasks.ts';

interface Found extends StoredRun {
  folder: string;
  fingerprint: Fingerprint & { createdAt: number };
}

/** Makes the records of runs anew from what stands in their folders: settings, curves, events, checkpoints, how they ended. */
export class RunRescan {
  readonly #store: Store;
  readonly #folders: RunFolders;

  constructor(store: Store, folders: RunFolders) {
    this.#store = store;
    this.#folders = folders;
  }

  /**
   * Takes in every run that has no record, with the name, tags, note, pin and project that it had last.
   * @returns how many were taken in, and what could not be read
   */
  async rescan(
    progress: Progress = () => undefined,
    signal?: AbortSignal,
  ): Promise<{ runs: number; problems: string[] }> {
    const problems: string[] = [];
    const found = this.#folders.list().flatMap((folder) => {
      try {
        return [this.#look(folder)];
      } catch (error) {
        problems.push(`${folder}: ${reportOf(error).message}`);
        return [];
      }
    });
    const lost = found.filter(({ fingerprint: { run } }) => !this.#store.runs.find(run));
    // Parents before their children.
    lost.sort((a, b) => a.fingerprint.createdAt - b.fingerprint.createdAt);
    progress(0, lost.length);
    for (const [index, run] of lost.entries()) {
      signal?.throwIfAborted();
      await this.#takeIn(run);
      progress(index + 1);
    }
    return { runs: lost.length, problems };
  }

  #look(folder: string): Found {
    const { file, fingerprint } = readRunFolder(folder);
    const createdAt = fingerprint.createdAt ?? statSync(path.join(folder, 'run.json')).mtimeMs;
    return { folder, file, fingerprint: { ...fingerprint, createdAt: Math.round(createdAt) } };
  }

  async #takeIn({ folder, file, fingerprint }: Found): Promise<void> {
    const { run: id, dataHash, engine, createdAt, parent, reproduces } = fingerprint;
    const said = readRunPassport(folder, id);
    const project = said?.project ?? fingerprint.project ?? TERMINAL_PROJECT;
    const known = (other: string | undefined): string | null => (other && this.#store.runs.find(other) ? other : null);
    this.#store.projects.insert({ ...project, createdAt });
    this.#store.runs.insert({
      id,
      project: project.id,
      name: said?.name ?? file.name,
      state: 'interrupted',
      config: file,
      output: folder,
      dataHash,
      engine,
      parent: known(parent),
      parentStep: file.from?.step ?? null,
      reproduces: known(reproduces),
      createdAt,
      endedAt: createdAt,
    });
    if (said) this.#store.runs.update(id, { tags: said.tags, note: said.note, pinned: said.pinned });
    const log = path.join(folder, EVENTS_FILE);
    if (!existsSync(log)) return;
    const done = await this.#replay(id, log);
    const endedAt = Math.round(statSync(log).mtimeMs);
    this.#store.runs.update(id, { state: done ? endOf(done) : 'interrupted', result: done, endedAt });
    this.#store.projects.touch(project.id, endedAt);
  }

  /** The last event that ended the run; null where none did. */
  async #replay(id: string, log: string): Promise<TrainDone | null> {
    // Nobody is told what happened long ago.
    const recorder = new RunRecorder(this.#store, new NoticeHub(), id);
    let done: TrainDone | null = null;
    for await (const line of createInterface({ input: createReadStream(log, 'utf8') })) {
      const event = eventOf(line);
      if (!event) continue;
      recorder.take(event, null);
      done = event.type === 'done' ? event : null;
    }
    recorder.close();
    return done;
  }
}

/** Null for a line that was cut off when its process was killed. */
function eventOf(line: string): TrainEvent | null {
  try {
    return JSON.parse(line) as TrainEvent;
  } catch {
    return null;
  }
}

function endOf(done: TrainDone): RunState {
  return done.stopped ? 'paused' : done.stoppedEarly ? 'stopped' : 'finished';
}
