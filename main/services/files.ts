import { randomBytes } from 'node:crypto';
import { existsSync, readdirSync, statSync, type Stats } from 'node:fs';
import { homedir } from 'node:os';
import path from 'node:path';
import { RankwiseError, reportOf } from '../../preload/contract/errors.ts';
import type { Listing, PickedFile, PickPurpose } from '../../preload/contract/files.ts';

/** A folder with more entries than anyone scrolls through is listed up to here. */
const MOST_ENTRIES = 2000;

const DATA_FILES = /\.(txt|md|jsonl|ndjson|json|csv|tsv|parquet|safetensors)$/i;

/** What a purpose takes, in words. */
const WANTED: Record<PickPurpose, string> = {
  data: 'a data file (text, JSONL, JSON, CSV, TSV, Parquet, tokens) or a folder of texts',
  model: 'a Hugging Face model folder (with config.json)',
  gguf: 'a GGUF file (.gguf)',
  adapter: 'a PEFT adapter folder (with adapter_config.json)',
  'run-file': 'a run file (.json)',
  folder: 'a folder',
};

/**
 * The paths that were handed out: by a dialog, a drop, an upload or browsing. Screens name them by handles that cannot be guessed;
 * a handle lives as long as the program.
 */
export class FileService {
  readonly #paths = new Map<string, string>();
  readonly #handles = new Map<string, string>();
  readonly #home: string;

  /** @param home where browsing begins, shown as “~” */
  constructor(home: string = homedir()) {
    this.#home = path.resolve(home);
  }

  /** Hands out a path. Throws E_FILE where nothing that can be read lies there. */
  admit(file: string): PickedFile {
    const full = path.resolve(file);
    return this.#picked(full, statOf(full));
  }

  /** Throws E_HANDLE for what was not handed out. */
  pathOf(handle: string): string {
    const file = this.#paths.get(handle);
    if (file !== undefined) return file;
    throw new RankwiseError('E_HANDLE', 'That file has not been chosen since the program started.', 'Choose it again.');
  }

  /** The path behind a handle, if it is what the purpose takes. Throws E_HANDLE and E_FILE. */
  open(handle: string, purpose: PickPurpose): string {
    const file = this.pathOf(handle);
    const folder = statOf(file).isDirectory();
    if (purpose === 'data' ? folder || DATA_FILES.test(file) : fits(file, folder, purpose)) return file;
    throw new RankwiseError(
      'E_FILE',
      `${this.readable(file)} is not ${WANTED[purpose]}.`,
      `Choose ${WANTED[purpose]}.`,
    );
  }

  /** What of a folder is of use for a purpose; hidden entries are left out. @param handle of a folder, or null for the home folder */
  browse(handle: string | null, purpose: PickPurpose): Listing {
    const folder = handle === null ? this.#home : this.pathOf(handle);
    const stats = statOf(folder);
    if (!stats.isDirectory()) throw new RankwiseError('E_FILE', `${this.readable(folder)} is not a folder.`);
    const entries = namesIn(folder)
      .slice(0, MOST_ENTRIES)
      .flatMap((name) => {
        const full = path.join(folder, name);
        const entry = statSync(full, { throwIfNoEntry: false });
        if (!entry || !(entry.isDirectory() || (entry.isFile() && takesFiles(purpose)))) return [];
        const fit = fits(full, entry.isDirectory(), purpose);
        return entry.isDirectory() || fit ? [{ ...this.#picked(full, entry), fits: fit }] : [];
      });
    const parent = path.dirname(folder);
    return {
      folder: this.#picked(folder, stats),
      parent: parent === folder ? null : this.#handleOf(parent),
      entries: [...entries.filter((entry) => entry.folder), ...entries.filter((entry) => !entry.folder)],
    };
  }

  /** A path as people read it: the home folder as “~”. */
  readable(file: string): string {
    if (file === this.#home) return '~';
    return file.startsWith(this.#home + path.sep) ? `~${file.slice(this.#home.length)}` : file;
  }

  #picked(file: string, stats: Stats): PickedFile {
    const folder = stats.isDirectory();
    return {
      handle: this.#handleOf(file),
      name: path.basename(file) || file,
      path: this.readable(file),
      folder,
      bytes: folder ? null : stats.size,
    };
  }

  #handleOf(file: string): string {
    const known = this.#handles.get(file);
    if (known !== undefined) return known;
    const handle = randomBytes(16).toString('base64url');
    this.#handles.set(file, handle);
    this.#paths.set(handle, file);
    return handle;
  }
}

const takesFiles = (purpose: PickPurpose): boolean =>
  purpose === 'data' || purpose === 'run-file' || purpose === 'gguf';

function fits(file: string, folder: boolean, purpose: PickPurpose): boolean {
  switch (purpose) {
    case 'data':
      return !folder && DATA_FILES.test(file);
    case 'run-file':
      return !folder && file.toLowerCase().endsWith('.json');
    case 'gguf':
      return !folder && file.toLowerCase().endsWith('.gguf');
    case 'model':
      return folder && existsSync(path.join(file, 'config.json'));
    case 'adapter':
      return folder && existsSync(path.join(file, 'adapter_config.json'));
    case 'folder':
      return folder;
  }
}

const byName = new Intl.Collator('en', { numeric: true, sensitivity: 'base' });

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder)
      .filter((name) => !name.startsWith('.'))
      .sort(byName.compare);
  } catch (error) {
    throw new RankwiseError('E_FILE', `The folder ${folder} cannot be read: ${reportOf(error).message}.`);
  }
}

function statOf(file: string): Stats {
  try {
    return statSync(file);
  } catch (error) {
    const missing = (error as NodeJS.ErrnoException).code === 'ENOENT';
    throw new RankwiseError(
      'E_FILE',
      missing ? `${file} is not there (any more).` : `${file} cannot be read: ${reportOf(error).message}.`,
    );
  }
}
