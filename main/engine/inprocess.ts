import { createRequire } from 'node:module';
import { existsSync } from 'node:fs';
import type { EngineEvent } from '../../preload/contract/events.ts';
import { RankwiseError, reportOf } from '../../preload/contract/errors.ts';
import type { Registry } from '../../preload/contract/methods.ts';
import type { EngineHost, EngineInfo, Job, JobRequest, JobResults, RunningJob } from './host.ts';

/** The addon's own surface: JSON in, JSON out. */
interface Addon {
  info(): string;
  methods(): string;
  start(
    job: string,
    onEvent: (event: string) => void,
  ): { promise: Promise<string>; cancel(): void; ask(what: JobRequest): void };
}

/** The engine loaded into this process. */
export class InProcessHost implements EngineHost {
  readonly #path: string;
  #loaded: Addon | undefined;

  /** @param addonPath the built rankwise_engine.node; loaded at the first call */
  constructor(addonPath: string) {
    this.#path = addonPath;
  }

  async info(): Promise<EngineInfo> {
    return JSON.parse(this.#addon().info()) as EngineInfo;
  }

  async registry(): Promise<Registry> {
    return JSON.parse(this.#addon().methods()) as Registry;
  }

  start<J extends Job>(job: J, onEvent: (event: EngineEvent) => void = () => undefined): RunningJob<J> {
    const running = this.#addon().start(JSON.stringify(job), (event) => onEvent(JSON.parse(event) as EngineEvent));
    const result = running.promise.then(
      (text) => JSON.parse(text) as JobResults[J['kind']],
      (error: unknown) => {
        const { code, message, hint } = reportOf(error);
        throw new RankwiseError(code, message, hint);
      },
    );
    return { result, cancel: () => running.cancel(), ask: (what) => running.ask(what) };
  }

  #addon(): Addon {
    if (this.#loaded) return this.#loaded;
    if (!existsSync(this.#path)) {
      throw new RankwiseError(
        'E_ENGINE',
        `The engine has not been built: ${this.#path} is missing.`,
        'Run: npm run prepare:engine',
      );
    }
    try {
      this.#loaded = createRequire(import.meta.url)(this.#path) as Addon;
    } catch (error) {
      throw new RankwiseError(
        'E_ENGINE',
        `The engine could not be loaded: ${reportOf(error).message}`,
        'Run: npm run prepare:engine',
      );
    }
    return this.#loaded;
  }
}
