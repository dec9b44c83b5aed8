import path from 'node:path';
import type { DataFormat } from '../../preload/contract/datasets.ts';
import { RankwiseError } from '../../preload/contract/errors.ts';
import type { TokenEvent } from '../../preload/contract/events.ts';
import type { PlaygroundToken } from '../../preload/contract/playground.ts';
import { chatTemplateOf } from '../data/chat-template.ts';
import { loadTokenizer, type Tokenizer } from '../data/tokenizer.ts';
import type { EngineHost, JobResults } from '../engine/host.ts';
import { readChatTemplate } from '../formats/chat-template-file.ts';
import { stopTokens } from '../formats/generation-config.ts';
import { missingTokenizer } from '../formats/missing-tokenizer.ts';
import { readModelFolder } from '../formats/model-folder.ts';
import type { DatasetService } from './datasets.ts';
import { lazyTokenizer } from './tokenizers.ts';
import { fold, type FoldRequest } from './fold.ts';
import type { FoldersInUse } from './folders-in-use.ts';
import type { Progress } from './tasks.ts';
import { TokenText } from './token-text.ts';

/** A model with an optional adapter, and how it is to be computed. */
export interface ModelChoice {
  model: string;
  adapter?: string | null;
  /** 1 (the default) = as trained, 0 = the base alone. */
  adapterScale?: number;
  precision?: 'f32' | 'bf16';
  storage?: string;
  threads?: number;
  memoryBudget?: number;
}

export interface EvaluationRequest extends ModelChoice {
  data: string;
  format?: DataFormat | 'auto';
  sequenceLength?: number;
  packing?: boolean;
}

export interface GenerationRequest extends ModelChoice {
  prompt: string;
  /** The prompt is what a user says in a chat: it is put into the model's template, or the simple one where it has none. */
  chat?: boolean;
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
  readonly #inUse: FoldersInUse;

  constructor(engine: EngineHost, datasets: DatasetService, inUse: FoldersInUse) {
    this.#engine = engine;
    this.#datasets = datasets;
    this.#inUse = inUse;
  }

  /** Mean next-token loss over a dataset, and its exponential. */
  async evaluate(request: EvaluationRequest): Promise<JobResults['eval']> {
    const folder = readModelFolder(request.model);
    const tokenizer = lazyTokenizer(folder.tokenizer, folder.vocabSize, folder.path);
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
    });
    const { loss, perplexity, tokens } = await job.result;
    return { loss, perplexity, tokens };
  }

  /**
   * Continues a prompt. Aborted, it resolves to what there is.
   * @param onText gets the text as it grows, never half a character
   * @param onToken gets every token with its probability; the texts of all tokens make up the whole text
   */
  async generate(
    request: GenerationRequest,
    onText: (text: string) => void = () => undefined,
    signal?: AbortSignal,
    onToken?: (token: PlaygroundToken) => void,
  ): Promise<Generation> {
    const folder = readModelFolder(request.model);
    if (folder.tokenizer === null)
      throw missingTokenizer(folder.path, 'Put the tokenizer.json of the same model there.');
    const tokenizer = loadTokenizer(folder.tokenizer);
    const growing = new TokenText(tokenizer);
    const take = (event: TokenEvent): void => {
      const alternatives = onToken ? (event.alternatives ?? []) : [];
      const texts = alternatives.map(({ id, probability }) => ({ text: growing.peek(id), probability }));
      const text = growing.take(event.id);
      if (text !== '') onText(text);
      onToken?.({ text, probability: event.probability ?? 0, alternatives: texts });
    };
    const job = this.#engine.start(
      {
        kind: 'generate',
        ...chosen(request),
        ids: promptIds(request, folder.path, tokenizer),
        maxTokens: request.maxTokens ?? 128,
        temperature: request.temperature ?? 0.8,
        topP: request.topP ?? 0.95,
        seed: request.seed ?? 42,
        eosIds: stopTokens(folder.path, tokenizer.endId),
        ...(onToken ? { probabilities: true } : {}),
      },
      (event) => {
        if (event.type === 'token') take(event);
      },
    );
    const stop = (): void => job.cancel();
    signal?.addEventListener('abort', stop);
    if (signal?.aborted) stop();
    const result = await this.#inUse
      .during([request.model, request.adapter ?? null], 'text is being generated with it', () => job.result)
      .finally(() => signal?.removeEventListener('abort', stop));
    const rest = growing.finish();
    if (rest !== '') onText(rest);
    return { text: growing.text, tokenIds: result.ids };
  }

  /** Folds an adapter into its base and writes the whole model, tokenizer included. */
  merge(
    request: FoldRequest,
    output: string,
    progress: Progress = () => undefined,
    signal = new AbortController().signal,
  ): Promise<void> {
    const { model, adapter } = request;
    const absolute = { model: path.resolve(model), adapter: adapter === null ? null : path.resolve(adapter) };
    return fold(this.#engine, { ...request, ...absolute }, path.resolve(output), progress, signal);
  }
}

function chosen(request: ModelChoice) {
  return {
    model: path.resolve(request.model),
    adapter: request.adapter ? path.resolve(request.adapter) : null,
    adapterScale: request.adapterScale ?? 1,
    precision: request.precision ?? 'f32',
    storage: request.storage ?? 'dense',
    threads: request.threads ?? 0,
    memoryBudget: request.memoryBudget ?? 0,
  } as const;
}

function promptIds({ prompt, chat }: GenerationRequest, folder: string, tokenizer: Tokenizer): number[] {
  const template = chat ? chatTemplateOf('auto', readChatTemplate(folder), tokenizer.namedTokens) : null;
  const ids = template
    ? tokenizer.encodeRendered(template.render([{ role: 'user', content: prompt }], true))
    : tokenizer.encode(prompt);
  if (ids.length > 0) return ids;
  if (tokenizer.endId !== undefined) return [tokenizer.endId];
  throw new RankwiseError('E_PROMPT', 'The prompt is empty.', 'Give the model something to continue.');
}
