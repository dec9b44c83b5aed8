import { existsSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { RankwiseError } from '../../preload/contract/errors.ts';
import type { UnpackedDtype } from '../../preload/contract/gguf-files.ts';
import type { EngineHost, GgufKeys } from '../engine/host.ts';
import { copyTokenizerFiles } from '../formats/model-folder.ts';
import { writePassport } from '../formats/passport.ts';
import { unpackedPassport } from '../formats/unpacked-passport.ts';
import { requireModelRoom } from './disk-room.ts';
import { doJob } from './engine-job.ts';
import { partOf, sweepParts } from './folder-parts.ts';
import type { FoldersInUse } from './folders-in-use.ts';
import { exactDtype, ggufText, ownTokenizer, requireTokenizer } from './gguf-contents.ts';
import type { Progress } from './tasks.ts';

export interface GgufImportRequest {
  /** The GGUF file. */
  file: string;
  /** Folder that is not there yet. */
  output: string;
  dtype: UnpackedDtype;
  /** Folder whose tokenizer is taken in place of the file's own. */
  tokenizer: string | null;
  threads?: number;
  memoryBudget?: number;
}

export interface UnpackedGguf {
  output: string;
  dtype: 'float32' | 'bfloat16';
  parameters: number;
}

/** Makes model folders of GGUF files, so that they can be trained. */
export class GgufImport {
  readonly #engine: EngineHost;
  readonly #inUse: FoldersInUse;

  constructor(engine: EngineHost, inUse: FoldersInUse) {
    this.#engine = engine;
    this.#inUse = inUse;
  }

  /** What a file holds. Throws E_MODEL where there is none, and what the engine throws. */
  async keysOf(file: string): Promise<GgufKeys> {
    if (!statSync(file, { throwIfNoEntry: false })?.isFile())
      throw new RankwiseError('E_MODEL', `There is no file ${file}.`, 'Name a GGUF file.');
    return this.#engine.start({ kind: 'gguf-keys', model: file }).result;
  }

  /**
   * Writes the weights, dequantized, with config and tokenizer as a Hugging Face folder (progress in tensors), one tensor in memory.
   * Failed or cancelled, nothing is left. Throws E_MODEL, E_OUTPUT, E_TOKENIZER, E_DISK, and what the engine throws.
   */
  async unpack(request: GgufImportRequest, progress: Progress, signal: AbortSignal): Promise<UnpackedGguf> {
    return this.#inUse.during([request.file], 'it is being unpacked', () => this.#unpack(request, progress, signal));
  }

  async #unpack(request: GgufImportRequest, progress: Progress, signal: AbortSignal): Promise<UnpackedGguf> {
    const { file, output, threads, memoryBudget } = request;
    const held = await this.keysOf(file);
    if (existsSync(output))
      throw new RankwiseError('E_OUTPUT', `${output} is there already.`, 'Name a folder that is not there yet.');
    const tokenizer = request.tokenizer === null ? ownTokenizer(held) : null;
    if (request.tokenizer !== null) requireTokenizer(request.tokenizer, held);
    const dtype = request.dtype === 'exact' ? exactDtype(held) : request.dtype;
    const parent = path.dirname(output);
    if (!existsSync(parent))
      throw new RankwiseError('E_OUTPUT', `There is no folder ${parent}.`, 'Make it, or name another.');
    requireModelRoom(parent, held.parameters, dtype);
    sweepParts(parent);
    const part = partOf(parent, path.basename(output));
    const bounds = { ...(threads === undefined ? {} : { threads }), ...(memoryBudget ? { memoryBudget } : {}) };
    try {
      const job = {
        kind: 'merge',
        model: file,
        adapter: null,
        adapterScale: 1,
        ...bounds,
        dtype,
        output: part,
      } as const;
      await doJob(this.#engine, job, progress, signal);
      signal.throwIfAborted();
      if (tokenizer === null) copyTokenizerFiles(request.tokenizer!, part);
      else for (const [name, content] of Object.entries(tokenizer)) writeJson(path.join(part, name), content as object);
      writeFileSync(path.join(part, 'README.md'), readmeOf(file, held));
      writePassport(part, unpackedPassport({ file: path.basename(file), types: held.types }));
      renameSync(part, output);
      return { output, dtype, parameters: held.parameters };
    } catch (error) {
      rmSync(part, { recursive: true, force: true });
      throw error;
    }
  }
}

const writeJson = (file: string, content: object): void => writeFileSync(file, `${JSON.stringify(content, null, 2)}\n`);

/** Where the folder comes from, and the licence that the file names. */
function readmeOf(file: string, held: GgufKeys): string {
  const licence = ggufText(held, 'general.license');
  const front = licence === null ? '' : `---\nlicense: ${JSON.stringify(licence)}\n---\n\n`;
  const kinds = Object.entries(held.types).map(([type, count]) => `${count} × ${type}`);
  return `${front}# ${ggufText(held, 'general.name') ?? path.basename(file)}\n\nUnpacked from ${path.basename(file)} (${kinds.join(', ')}).\n`;
}
