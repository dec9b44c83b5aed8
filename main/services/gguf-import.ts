import { existsSync, renameSync, rmSync, statfsSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { RankwiseError } from '../../preload/contract/errors.ts';
import { bytes } from '../../preload/contract/figures.ts';
import { tokenizerOfGguf, type TokenizerFiles } from '../data/tokenizer-of-gguf.ts';
import type { EngineHost, GgufKeys } from '../engine/host.ts';
import { copyTokenizerFiles } from '../formats/model-folder.ts';
import { doJob } from './engine-job.ts';
import { partOf, sweepParts } from './folder-parts.ts';
import type { FoldersInUse } from './folders-in-use.ts';
import type { Progress } from './tasks.ts';

export interface GgufImportRequest {
  /** The GGUF file. */
  file: string;
  /** Folder that is not there yet. */
  output: string;
  /** exact: whatever keeps every value as it stands. */
  dtype: 'exact' | 'float32' | 'bfloat16';
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

  /**
   * Writes the weights, dequantized, with config and tokenizer as a Hugging Face folder (progress in tensors), one tensor in memory.
   * Failed or cancelled, nothing is left. Throws E_MODEL, E_OUTPUT, E_TOKENIZER, E_DISK, and what the engine throws.
   */
  async unpack(request: GgufImportRequest, progress: Progress, signal: AbortSignal): Promise<UnpackedGguf> {
    return this.#inUse.during([request.file], 'it is being unpacked', () => this.#unpack(request, progress, signal));
  }

  async #unpack(request: GgufImportRequest, progress: Progress, signal: AbortSignal): Promise<UnpackedGguf> {
    const { file, output, threads, memoryBudget } = request;
    if (!statSync(file, { throwIfNoEntry: false })?.isFile())
      throw new RankwiseError('E_MODEL', `There is no file ${file}.`, 'Name a GGUF file.');
    if (existsSync(output))
      throw new RankwiseError('E_OUTPUT', `${output} is there already.`, 'Name a folder that is not there yet.');
    const held = await this.#engine.start({ kind: 'gguf-keys', model: file }).result;
    const tokenizer = request.tokenizer === null ? tokenizerOf(held) : null;
    const dtype = request.dtype !== 'exact' ? request.dtype : held.fitsBfloat16 ? 'bfloat16' : 'float32';
    const parent = path.dirname(output);
    requireRoom(parent, held.parameters, dtype);
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
      renameSync(part, output);
      return { output, dtype, parameters: held.parameters };
    } catch (error) {
      rmSync(part, { recursive: true, force: true });
      throw error;
    }
  }
}

function tokenizerOf({ keys }: GgufKeys): TokenizerFiles {
  const own = Object.entries(keys).filter(([name]) => name.startsWith('tokenizer.'));
  const name = keys['general.name'];
  return tokenizerOfGguf(
    Object.fromEntries(own.map(([key, value]) => [key.slice('tokenizer.'.length), value])),
    typeof name === 'string' ? name : '',
  );
}

function requireRoom(folder: string, parameters: number, dtype: 'float32' | 'bfloat16'): void {
  if (!existsSync(folder))
    throw new RankwiseError('E_OUTPUT', `There is no folder ${folder}.`, 'Make it, or name another.');
  const { bavail, bsize } = statfsSync(folder);
  const needed = parameters * (dtype === 'float32' ? 4 : 2);
  if (needed <= bavail * bsize) return;
  throw new RankwiseError(
    'E_DISK',
    `The model takes ${bytes(needed)} as a folder; on the disk of ${folder} ${bytes(bavail * bsize)} are free.`,
    dtype === 'float32' ? 'Free some, or write bfloat16, which takes half.' : 'Free some.',
  );
}

const writeJson = (file: string, content: object): void => writeFileSync(file, `${JSON.stringify(content, null, 2)}\n`);

/** Where the folder comes from, and the licence that the file names. */
function readmeOf(file: string, { keys, types }: GgufKeys): string {
  const text = (key: string): string | undefined => {
    const value = keys[`general.${key}`];
    return typeof value === 'string' ? value.replaceAll(/\s+/g, ' ').trim() || undefined : undefined;
  };
  const licence = text('license');
  const front = licence === undefined ? '' : `---\nlicense: ${JSON.stringify(licence)}\n---\n\n`;
  const kinds = Object.entries(types).map(([type, count]) => `${count} × ${type}`);
  return `${front}# ${text('name') ?? path.basename(file)}\n\nUnpacked from ${path.basename(file)} (${kinds.join(', ')}).\n`;
}
