import { existsSync } from 'node:fs';
import path from 'node:path';
import { RankwiseError, reportOf, type ErrorReport } from '../../preload/contract/errors.ts';
import { folderStamp } from '../formats/folder-stamp.ts';
import type { UnlistedRun } from '../store/unlisted-runs.ts';

interface FolderRecord {
  id: string;
  name: string;
  origin: string;
  path: string;
  run: string | null;
  stamp: string;
  addedAt: number;
}

interface Repository<R> {
  put(record: R): void;
  list(): R[];
  get(id: string): R | undefined;
  atPath(path: string): R | undefined;
  remove(id: string): void;
  unlistedRuns(): UnlistedRun[];
}

export interface Entry<R> {
  record: R;
  /** Why it cannot be used now. */
  problem: ErrorReport | null;
}

/** What tells models and adapters apart. */
export interface ShelfKind<R> {
  noun: 'model' | 'adapter';
  /** The record with what its files say now. Throws what they are refused for. */
  renew(record: R): R;
  /** The record of what a run left in a folder; undefined for no record. Throws what its files are refused for. */
  fromRun(run: UnlistedRun, folder: string): R | undefined;
}

/**
 * Records of folders, kept true to the files: what has changed is read again, what the runs left is taken in, what went with its run
 * is forgotten. Files are looked at, not read, unless they have changed.
 */
export class Shelf<R extends FolderRecord> {
  readonly #repository: Repository<R>;
  readonly #kind: ShelfKind<R>;

  constructor(repository: Repository<R>, kind: ShelfKind<R>) {
    this.#repository = repository;
    this.#kind = kind;
  }

  /** In the repository's order. */
  all(): Entry<R>[] {
    this.#takeInRuns();
    return this.#repository.list().flatMap((record) => this.#checked(record) ?? []);
  }

  /** Throws E_MODEL or E_ADAPTER for what is not in the library. */
  get(id: string): Entry<R> {
    this.#takeInRuns();
    const record = this.#repository.get(id);
    const entry = record && this.#checked(record);
    if (entry) return entry;
    const { noun } = this.#kind;
    throw new RankwiseError(this.#code, `The library has no ${noun} “${id}”.`, `Look under ${titleOf(noun)}.`);
  }

  /** Like `get`, but throws the problem of what cannot be used now. */
  usable(id: string): R {
    const { record, problem } = this.get(id);
    if (problem) throw new RankwiseError(problem.code, problem.message, problem.hint);
    return record;
  }

  /** Puts a folder in or renews its record. Throws what its files are refused for. */
  enter(record: Omit<R, 'stamp' | 'facts'>): R {
    const entered = this.#kind.renew({ ...record, stamp: folderStamp(record.path) } as R);
    this.#repository.put(entered);
    return entered;
  }

  rename(record: R, name: string): R {
    const wanted = name.trim();
    if (wanted === '') throw new RankwiseError('E_NAME', `The ${this.#kind.noun} needs a name.`);
    const renamed = { ...record, name: wanted };
    this.#repository.put(renamed);
    return renamed;
  }

  /** Throws E_OWNED for what a run has made: it comes and goes with the run. */
  remove(record: R): void {
    if (record.origin === 'run') {
      throw new RankwiseError(
        'E_OWNED',
        `“${record.name}” is what a run has made.`,
        'It goes when the run is removed with its files.',
      );
    }
    this.#repository.remove(record.id);
  }

  get #code(): string {
    return `E_${this.#kind.noun.toUpperCase()}`;
  }

  #takeInRuns(): void {
    for (const run of this.#repository.unlistedRuns()) {
      const folder = path.join(run.output, this.#kind.noun);
      if (!existsSync(folder)) continue;
      // Two runs can have written to one folder, one after the other: it holds what the later one left.
      const before = this.#repository.atPath(folder);
      if (before && before.addedAt > run.endedAt) continue;
      try {
        const record = this.#kind.fromRun(run, folder);
        if (!record) continue;
        if (before) this.#repository.remove(before.id);
        this.#repository.put(record);
      } catch {
        // What the run left has been damaged since: nothing to be listed.
      }
    }
  }

  // Undefined for what is gone together with its run.
  #checked(record: R): Entry<R> | undefined {
    if (!existsSync(record.path)) {
      if (record.origin === 'run' && record.run === null) {
        this.#repository.remove(record.id);
        return undefined;
      }
      const message = `Its folder ${record.path} is not there any more.`;
      const hint = `Put it back, or remove the ${this.#kind.noun} from the library.`;
      return { record, problem: { code: this.#code, message, hint } };
    }
    try {
      const stamp = folderStamp(record.path);
      if (stamp === record.stamp) return { record, problem: null };
      const renewed = this.#kind.renew({ ...record, stamp });
      this.#repository.put(renewed);
      return { record: renewed, problem: null };
    } catch (error) {
      return { record, problem: reportOf(error) };
    }
  }
}

const titleOf = (noun: 'model' | 'adapter'): string => (noun === 'model' ? 'Models' : 'Adapters');
