import path from 'node:path';
import { RankwiseError } from '../../preload/contract/errors.ts';
import { loadTokenizer, type Tokenizer } from '../data/tokenizer.ts';
import type { EngineHost, JobResults } from '../engine/host.ts';
import { copyTokenizerFiles, readModelFolder } from '../formats/model-folder.ts';
import { type DataFormat, type DatasetService, lazyTokenizer } from './datasets.ts';

/** A model with an optional adapter, and how it is to be computed. */
export interface ModelChoice {
  model: string;
  adapter?: string | null;
  precision?: 'f32' | 'bf16';
  storage?: string;
}

export interface EvaluationRequest extends ModelChoice {
  data: string;
  format?: DataFormat;
  sequenceLength?: number;
  packing?: boolean;
  threads?: number;
  memoryBudget?: number;
}

export interface GenerationRequest extends ModelChoice {
  prompt: string;
  maxTokens?: number;
  temperature?: number;
  topP?: number;
  seed?: number;
}

export interface Generation {
  /** The continuation, without the prompt. */
  text: string;
  tokenIds: number[];
}

/** Loss, text and merged weights of models that exist. */
export class InferenceService {
  readonly #engine: EngineHost;
  readonly #datasets: DatasetService;

  constructor(engine: EngineHost, datasets: DatasetService) {
    this.#engine = engine;
    this.#datasets = datasets;
  }

  /** Mean next-token loss over a dataset, and its exponential. */
  async evaluate(request: EvaluationRequest): Promise<JobResults['eval']> {
    const folder = readModelFolder(request.model);
    const tokenizer = lazyTokenizer(folder.tokenizer, folder.vocabSize);
    const sequencing = { sequenceLength: request.sequenceLength ?? 256, packing: request.packing ?? true };
    const data = await this.#datasets.prepare(
      request.data,
      request.format ?? 'auto',
      sequencing,
      folder.vocabSize,
      tokenizer,
    );
    const job = this.#engine.start({
      kind: 'eval',
      ...chosen(request),
      tokens: data.tokens,
      threads: request.threads ?? 0,
      memoryBudget: request.memoryBudget ?? 0,
    });
    const { loss, perplexity, tokens } = await job.result;
    return { loss, perplexity, tokens };
  }

  /** Continues a prompt. `onText` gets the text as it grows, never half a character. */
  async generate(
    request: GenerationRequest,
    onText: (text: string) => void = () => undefined,
    signal?: AbortSignal,
  ): Promise<Generation> {
    const folder = readModelFolder(request.model);
    if (folder.tokenizer === null)
      throw new RankwiseError('E_TOKENIZER', `${folder.path} has no tokenizer.json, which text needs.`);
    const tokenizer = loadTokenizer(folder.tokenizer);
    const ids = tokenizer.encode(request.prompt);
    if (ids.length === 0) {
      if (tokenizer.endId === undefined)
        throw new RankwiseError('E_PROMPT', 'The prompt is empty.', 'Give the model something to continue.');
      ids.push(tokenizer.endId);
    }
    const stream = new TextStream(tokenizer, onText);
    const job = this.#engine.start(
      {
        kind: 'generate',
        ...chosen(request),
        ids,
        maxTokens: request.maxTokens ?? 128,
        temperature: request.temperature ?? 0.8,
        topP: request.topP ?? 0.95,
        seed: request.seed ?? 42,
        ...(tokenizer.endId === undefined ? {} : { eosIds: [tokenizer.endId] }),
      },
      (event) => {
        if (event.type === 'token') stream.take(event.id);
      },
    );
    const stop = (): void => job.cancel();
    signal?.addEventListener('abort', stop);
    const result = await job.result.finally(() => signal?.removeEventListener('abort', stop));
    const text = tokenizer.decode(result.ids);
    stream.finish(text);
    return { text, tokenIds: result.ids };
  }

  /** Folds an adapter into its base and writes the whole model, tokenizer included. */
  async merge(model: string, adapter: string, output: string): Promise<JobResults['merge']> {
    readModelFolder(model);
    const merged = await this.#engine.start({
      kind: 'merge',
      model: path.resolve(model),
      adapter: path.resolve(adapter),
      output: path.resolve(output),
      dtype: 'float32',
    }).result;
    copyTokenizerFiles(model, output);
    return merged;
  }
}

function chosen(request: ModelChoice): {
  model: string;
  adapter: string | null;
  precision: 'f32' | 'bf16';
  storage: string;
} {
  return {
    model: path.resolve(request.model),
    adapter: request.adapter ? path.resolve(request.adapter) : null,
    precision: request.precision ?? 'f32',
    storage: request.storage ?? 'dense',
  };
}

/** Text of a growing list of ids: a character whose bytes are not all there yet waits. */
class TextStream {
  readonly #tokenizer: Tokenizer;
  readonly #onText: (text: string) => void;
  readonly #ids: number[] = [];
  #told = 0;

  constructor(tokenizer: Tokenizer, onText: (text: string) => void) {
    this.#tokenizer = tokenizer;
    this.#onText = onText;
  }

  take(id: number): void {
    this.#ids.push(id);
    this.finish(this.#tokenizer.decode(this.#ids).replace(/\uFFFD+$/, ''));
  }

  finish(text: string): void {
    if (text.length > this.#told) this.#onText(text.slice(this.#told));
    this.#told = Math.max(this.#told, text.length);
  }
}
