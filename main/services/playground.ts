import { RankwiseError, reportOf } from '../../preload/contract/errors.ts';
import type { Pane, PaneResult, PlaygroundRequest, PlaygroundToken } from '../../preload/contract/playground.ts';
import type { ModelRecord } from '../store/models.ts';
import type { AdapterLibrary } from './adapter-library.ts';
import type { InferenceService, ModelChoice } from './inference.ts';
import type { ModelShelf } from './model-shelf.ts';
import type { NoticeHub } from './notices.ts';
import type { SettingsService } from './settings.ts';

/** Tokens are told at most twenty times a second. */
const EVERY_MS = 50;

/** The same prompt continued by up to four models side by side: one after the other, each from the same seed. */
export class Playground {
  readonly #inference: InferenceService;
  readonly #models: ModelShelf;
  readonly #adapters: AdapterLibrary;
  readonly #settings: SettingsService;
  readonly #notices: NoticeHub;
  readonly #sessions = new Map<string, AbortController>();

  constructor(
    inference: InferenceService,
    models: ModelShelf,
    adapters: AdapterLibrary,
    settings: SettingsService,
    notices: NoticeHub,
  ) {
    this.#inference = inference;
    this.#models = models;
    this.#adapters = adapters;
    this.#settings = settings;
    this.#notices = notices;
  }

  /**
   * Answers when every pane is done; the text comes as notices meanwhile. A pane that fails tells why and the others go on. A
   * cancelled one keeps what it has said; those after it do not begin. Throws E_TASK for a session that is going on.
   */
  async generate(request: PlaygroundRequest): Promise<PaneResult[]> {
    const { session } = request;
    if (this.#sessions.has(session)) throw new RankwiseError('E_TASK', `The session “${session}” is going on already.`);
    const controller = new AbortController();
    this.#sessions.set(session, controller);
    try {
      const results: PaneResult[] = [];
      for (const [index, pane] of request.panes.entries())
        results.push(await this.#answer(request, pane, index, controller.signal));
      return results;
    } finally {
      this.#sessions.delete(session);
    }
  }

  /** A session that is over already is no error. */
  cancel(session: string): void {
    this.#sessions.get(session)?.abort();
  }

  async #answer(request: PlaygroundRequest, pane: Pane, index: number, signal: AbortSignal): Promise<PaneResult> {
    const started = performance.now();
    const result: PaneResult = { text: '', tokens: [], seconds: 0, error: null };
    const stream = new TokenStream((tokens) =>
      this.#notices.publish({ topic: 'tokens', session: request.session, pane: index, tokens, text: result.text }),
    );
    try {
      if (signal.aborted) throw new RankwiseError('E_CANCELLED', 'Cancelled before it began.');
      const { prompt, chat, maxTokens, temperature, topP, seed } = request;
      await this.#inference.generate(
        { ...this.#choice(pane), prompt, chat, maxTokens, temperature, topP, seed },
        (text) => (result.text += text),
        signal,
        (token) => {
          result.tokens.push(token);
          stream.push(token);
        },
      );
    } catch (error) {
      result.error = reportOf(error);
    } finally {
      stream.end();
    }
    return { ...result, seconds: (performance.now() - started) / 1000 };
  }

  #choice({ model, adapter, adapterScale }: Pane): ModelChoice {
    const record = this.#models.usable(model);
    return {
      model: record.path,
      adapter: adapter === null ? null : this.#adapterFor(record, adapter),
      adapterScale,
      // What is stored in 16 bits is computed in 16 bits: in 32 it would take twice its memory and gain nothing.
      precision: record.facts.dtype === 'BF16' || record.facts.dtype === 'F16' ? 'bf16' : 'f32',
      threads: this.#settings.threads(),
      memoryBudget: this.#settings.budgetBytes(),
    };
  }

  #adapterFor(model: ModelRecord, id: string): string {
    const { adapter, base } = this.#adapters.pair(id);
    if (base.id === model.id || (model.hash !== null && base.hash === model.hash)) return adapter.path;
    throw new RankwiseError(
      'E_BASE',
      `“${adapter.name}” was made for ${base.name}, not for ${model.name}.`,
      `Choose ${base.name} as the model of this pane.`,
    );
  }
}

/** Tokens in the order of coming, a few at a time. */
class TokenStream {
  readonly #tell: (tokens: PlaygroundToken[]) => void;
  #waiting: PlaygroundToken[] = [];
  #timer: NodeJS.Timeout | undefined;

  constructor(tell: (tokens: PlaygroundToken[]) => void) {
    this.#tell = tell;
  }

  push(token: PlaygroundToken): void {
    this.#waiting.push(token);
    this.#timer ??= setTimeout(() => this.end(), EVERY_MS);
  }

  end(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (this.#waiting.length > 0) this.#tell(this.#waiting.splice(0));
  }
}
