import { closeSync, existsSync, fsyncSync, openSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { RankwiseError } from '../../preload/contract/errors.ts';
import type { GgufKey, GgufLoraReceipt, GgufPlan, GgufReceipt, GgufType } from '../../preload/contract/exports.ts';
import { whole } from '../../preload/contract/figures.ts';
import { ggufTokenizer, type GgufTokenizer } from '../data/gguf-tokenizer.ts';
import { ollamaModelfile } from '../data/ollama-modelfile.ts';
import { loadTokenizer } from '../data/tokenizer.ts';
import type { EngineHost, GgufJob, JobResults } from '../engine/host.ts';
import { readLicence } from '../formats/licence.ts';
import { readModelFolder } from '../formats/model-folder.ts';
import { requireRoom } from './disk-room.ts';
import { doJob } from './engine-job.ts';
import { partOf, sweepParts } from './folder-parts.ts';
import type { FoldersInUse } from './folders-in-use.ts';
import { heldOutPrompts } from './held-out-prompts.ts';
import { slugOf } from './ids.ts';
import type { Progress } from './tasks.ts';

export interface GgufRequest {
  /** Model folder, and what it is called. */
  model: string;
  name: string;
  /** PEFT folder that is folded in. */
  adapter: { path: string; name: string; scale: number } | null;
  type: GgufType;
  threads?: number;
  memoryBudget?: number;
}

/** Without an adapter a file in F32 has the model's own bits; readers of the two add them up in the same order. */
const MOST_DIFFERENCE_OF_F32 = 1e-3;

/** Writes models as GGUF files that were proved, or not at all. */
export class GgufExport {
  readonly #engine: EngineHost;
  readonly #inUse: FoldersInUse;

  constructor(engine: EngineHost, inUse: FoldersInUse) {
    this.#engine = engine;
    this.#inUse = inUse;
  }

  /** What a file of it is called. */
  fileName({ name, adapter, type }: GgufRequest): string {
    return `${slugOf(adapter ? `${name} ${adapter.name}` : name, 'model')}-${type.toUpperCase()}.gguf`;
  }

  /** What would be written, from headers alone. Throws E_TOKENIZER and E_UNSUPPORTED for what the format cannot say. */
  async plan(request: GgufRequest): Promise<GgufPlan> {
    const { job, tokenizer } = jobOf(request);
    const { contextLength, ...planned } = await this.#engine.start({ kind: 'gguf-plan', ...job }).result;
    const told = Number(readModelFolder(request.model).config.max_position_embeddings);
    const notes = [...tokenizer.notes];
    if (contextLength < told)
      notes.push(
        `The file is for ${whole(contextLength)} tokens: beyond them the model attends within a window, which readers of it do not know.`,
      );
    return { ...planned, fileName: this.fileName(request), notes };
  }

  /**
   * Writes the file, its receipt (FILE.receipt.json) and a Modelfile for Ollama beside it; progress in tensors, then in positions of
   * the comparison. Failed, cancelled or not proved, nothing is left. Throws E_OUTPUT, E_DISK, E_RECEIPT, and what the engine throws.
   */
  async write(request: GgufRequest, file: string, progress: Progress, signal: AbortSignal): Promise<GgufReceipt> {
    const { model, adapter } = request;
    return this.#inUse.during([model, adapter?.path ?? null], 'it is being exported', () =>
      this.#write(request, file, progress, signal),
    );
  }

  /**
   * Writes an adapter alone, for a reader that lays it beside the model's own file, and its receipt (progress in layers). Failed,
   * cancelled or not proved, nothing is left.
   */
  async writeAdapter(
    { model, name, adapter }: Pick<GgufRequest, 'model' | 'name'> & { adapter: NonNullable<GgufRequest['adapter']> },
    file: string,
    progress: Progress,
    signal: AbortSignal,
  ): Promise<GgufLoraReceipt> {
    requirePlace(file);
    sweepParts(path.dirname(file));
    const part = partOf(path.dirname(file), path.basename(file));
    const { receipt: place } = besideOf(file);
    const job = { kind: 'gguf-lora', model, adapter: adapter.path, adapterScale: adapter.scale } as const;
    const written = [part];
    try {
      const proof = await this.#inUse.during([model, adapter.path], 'it is being exported', () =>
        doJob(this.#engine, { ...job, name: adapter.name, output: part }, progress, signal),
      );
      signal.throwIfAborted();
      const told = { name: adapter.name, scale: adapter.scale };
      const made = { file: path.basename(file), madeAt: Date.now(), model: name, adapter: told };
      const receipt: GgufLoraReceipt = { version: 1, ...made, ...proof };
      written.push(place);
      writeFileSync(place, `${JSON.stringify(receipt, null, 2)}\n`);
      renameSync(part, file);
      syncFolder(path.dirname(file));
      return receipt;
    } catch (error) {
      for (const left of written) rmSync(left, { force: true });
      throw error;
    }
  }

  async #write(request: GgufRequest, file: string, progress: Progress, signal: AbortSignal): Promise<GgufReceipt> {
    const folder = path.dirname(file);
    requirePlace(file);
    const { job, tokenizer } = jobOf(request);
    const plan = await this.plan(request);
    requireRoom(folder, plan.bytes, 'The GGUF file', 'Free some, or write a smaller type.');
    sweepParts(folder);
    const part = partOf(folder, path.basename(file));
    const beside = besideOf(file);
    const written = [part]; // what lay there before is not ours to remove
    try {
      const proof = await doJob(this.#engine, { kind: 'gguf', ...job, output: part }, progress, signal);
      const compared = await this.#compare(request, part, progress, signal);
      signal.throwIfAborted();
      const { text, hasTemplate } = modelfileOf(request, file, tokenizer);
      const receipt = receiptOf(request, file, { ...tokenizer, notes: plan.notes }, { proof, compared, hasTemplate });
      written.push(beside.receipt, beside.modelfile);
      writeFileSync(beside.receipt, `${JSON.stringify(receipt, null, 2)}\n`);
      writeFileSync(beside.modelfile, text);
      renameSync(part, file);
      syncFolder(folder);
      return receipt;
    } catch (error) {
      for (const left of written) rmSync(left, { force: true });
      throw error;
    }
  }

  async #compare(
    { name, model, adapter, type, threads, memoryBudget }: GgufRequest,
    other: string,
    progress: Progress,
    signal: AbortSignal,
  ): Promise<JobResults['logits-compare']> {
    const told: Progress = (done, total) => progress(done, total, `Comparing the file with ${name}`);
    const bounds = { ...(threads === undefined ? {} : { threads }), ...(memoryBudget ? { memoryBudget } : {}) };
    const side = { model, adapter: adapter?.path ?? null, adapterScale: adapter?.scale ?? 1, ...bounds };
    const ids = heldOutPrompts(model);
    const compared = await doJob(
      this.#engine,
      { kind: 'logits-compare', ...side, other, precision: 'f32', storage: 'dense', ids },
      told,
      signal,
    );
    const most = type === 'f32' && adapter === null ? MOST_DIFFERENCE_OF_F32 : Number.MAX_VALUE;
    if (compared.maxDifference <= most) return compared;
    throw new RankwiseError(
      'E_RECEIPT',
      'The GGUF file that was written does not compute what the model computes, so it was not kept.',
      'This is a fault of the program.',
    );
  }
}

/** What lies beside a file: the receipt, and what Ollama reads. */
export const besideOf = (file: string): { receipt: string; modelfile: string } => ({
  receipt: `${file}.receipt.json`,
  modelfile: `${file.replace(/\.gguf$/i, '')}.Modelfile`,
});

function jobOf(request: GgufRequest): { job: Omit<GgufJob, 'kind' | 'output'>; tokenizer: GgufTokenizer } {
  const { model, adapter, type, threads, memoryBudget } = request;
  const tokenizer = ggufTokenizer(readModelFolder(model));
  const licence = readLicence(model);
  const metadata: GgufKey[] = [
    { key: 'general.name', type: 'text', value: nameOf(request) },
    ...(licence === null ? [] : [{ key: 'general.license', type: 'text', value: licence } as const]),
    ...tokenizer.keys,
  ];
  const side = { model, adapter: adapter?.path ?? null, adapterScale: adapter?.scale ?? 1 };
  const bounds = { threads: threads ?? 0, memoryBudget: memoryBudget ?? 0 };
  return { job: { ...side, ...bounds, type, metadata }, tokenizer };
}

/**
 * In a model that calls itself Phi-3, whatever it is, llama.cpp makes the tokens of that model take the spaces behind them, and reads no
 * file that lacks them; tokens that do so are not written.
 */
const nameOf = ({ name, adapter }: GgufRequest): string =>
  (adapter ? `${name} + ${adapter.name}` : name).replaceAll(/phi-?3/gi, 'Phi 3');

function modelfileOf({ model, type }: GgufRequest, file: string, { chatTemplate }: GgufTokenizer) {
  return ollamaModelfile(path.basename(file), type, chatTemplate, loadTokenizer(model).namedTokens);
}

function receiptOf(
  { name, adapter, type }: GgufRequest,
  file: string,
  { tokens, merges, preTokenizer, chatTemplate, notes }: GgufTokenizer,
  proved: { proof: JobResults['gguf']; compared: JobResults['logits-compare']; hasTemplate: boolean },
): GgufReceipt {
  const { maxDifference, meanDifference, agreement, positions, perplexity, otherPerplexity } = proved.compared;
  return {
    version: 1,
    file: path.basename(file),
    type,
    madeAt: Date.now(),
    model: name,
    adapter: adapter ? { name: adapter.name, scale: adapter.scale } : null,
    ...proved.proof,
    tokenizer: { tokens, merges, preTokenizer, chatTemplate: chatTemplate !== null },
    logits: { maxDifference, meanDifference, agreement, positions, perplexity, filePerplexity: otherPerplexity },
    modelfileTemplate: proved.hasTemplate,
    notes,
  };
}

function requirePlace(file: string): void {
  if (existsSync(file))
    throw new RankwiseError('E_OUTPUT', `${file} is there already.`, 'Name a file that is not there yet.');
  if (!existsSync(path.dirname(file)))
    throw new RankwiseError('E_OUTPUT', `There is no folder ${path.dirname(file)}.`, 'Make it, or name another.');
}

/** A renamed file is there after a power cut once its folder is on the disk. */
function syncFolder(folder: string): void {
  const handle = openSync(folder, 'r');
  try {
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
}
