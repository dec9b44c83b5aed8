import { existsSync, rmSync, statSync } from 'node:fs';
import path from 'node:path';
import type { GgufContents, UnpackedDtype } from '../../preload/contract/gguf-files.ts';
import type { ModelSummary } from '../../preload/contract/models.ts';
import { freeBytes } from './disk-room.ts';
import type { FileService } from './files.ts';
import { contentsOf, problemOf, requireTokenizer } from './gguf-contents.ts';
import type { GgufImport } from './gguf-import.ts';
import type { ModelLibrary } from './model-library.ts';
import type { SettingsService } from './settings.ts';
import type { Progress } from './tasks.ts';

export interface GgufModelsParts {
  ggufImport: GgufImport;
  library: Pick<ModelLibrary, 'add'>;
  settings: SettingsService;
  files: FileService;
}

export interface TakenGguf {
  file: string;
  /** Folder that is not there yet; null for one beside the file. */
  output: string | null;
  dtype: UnpackedDtype;
  /** Folder whose tokenizer is taken in place of the file's own. */
  tokenizer: string | null;
}

/** GGUF files on their way into the library. */
export class GgufModels {
  readonly #parts: GgufModelsParts;

  constructor(parts: GgufModelsParts) {
    this.#parts = parts;
  }

  /**
   * What a file holds and what would be made of it. Throws E_GGUF, E_UNSUPPORTED for what the engine does not read.
   * @param folder in which the model's folder would lie; null for the file's own  @param tokenizer folder to be judged with it
   */
  async inspect(file: string, folder: string | null, tokenizer: string | null): Promise<GgufContents> {
    const { ggufImport, files } = this.#parts;
    const held = await ggufImport.keysOf(file);
    const output = freeFolder(file, folder);
    return {
      ...contentsOf(held),
      fileName: path.basename(file),
      bytes: statSync(file).size,
      otherProblem: tokenizer === null ? null : problemOf(() => requireTokenizer(tokenizer, held)),
      output: files.readable(output),
      freeBytes: freeBytes(path.dirname(output)),
    };
  }

  /**
   * Unpacks a file (progress in tensors) and enters the folder into the library. Failed or cancelled, nothing is left. Throws what
   * GgufImport.unpack and ModelLibrary.add throw.
   */
  async take(request: TakenGguf, progress: Progress, signal: AbortSignal): Promise<ModelSummary> {
    const { ggufImport, library, settings } = this.#parts;
    const output = request.output ?? freeFolder(request.file, null);
    const bounds = { threads: settings.threads(), memoryBudget: settings.budgetBytes() };
    let done = 0;
    const counted: Progress = (now, ...more) => progress((done = now), ...more);
    await ggufImport.unpack({ ...request, ...bounds, output }, counted, signal);
    try {
      signal.throwIfAborted();
      progress(done, undefined, `Checking ${path.basename(output)}`);
      return await library.add(output, () => undefined, signal);
    } catch (error) {
      rmSync(output, { recursive: true, force: true });
      throw error;
    }
  }
}

/** Where a file's folder goes: named like the file, with a number where something has that name already. */
export function freeFolder(file: string, folder: string | null): string {
  const wanted = path.join(folder ?? path.dirname(file), path.basename(file).replace(/\.gguf$/i, '') || 'model');
  for (let count = 1; ; count++) {
    const place = count === 1 ? wanted : `${wanted}-${count}`;
    if (!existsSync(place)) return place;
  }
}
