import { RankwiseError } from '../../preload/contract/errors.ts';
import type { EngineEvent } from '../../preload/contract/events.ts';
import type { Registry } from '../../preload/contract/methods.ts';
import type { FromEngine, ToEngine } from './engine-process-messages.ts';
import type { EngineHost, EngineInfo, Job, JobResults, RunningJob } from './host.ts';

/** The engine's process as main sees it; how it is started is the door's affair. */
export interface EngineChild {
  readonly pid: number | undefined;
  send(message: ToEngine): void;
  /** Ends it at once, whatever it does. */
  kill(): void;
}

export interface EngineChildListener {
  onMessage(message: FromEngine): void;
  /** @param reason in words: “signal SIGSEGV”, “status 1” */
  onExit(reason: string): void;
}

export type EngineLauncher = (listener: EngineChildListener) => EngineChild;

interface Pending {
  onEvent: (event: EngineEvent) => void;
  resolve(value: unknown): void;
  reject(error: RankwiseError): void;
}

/** How long the process may take to end when it is told to. */
const PATIENCE_MS = 2000;

/**
 * The engine in a process of its own, started at the first use. Where it dies, what it was doing fails with E_ENGINE_DIED and the
 * next use starts a new one. It ends after a training run, so that a paused run holds no memory of any device.
 */
export class UtilityHost implements EngineHost {
  readonly #launch: EngineLauncher;
  readonly #onState: (up: boolean, reason: string) => void;
  readonly #pending = new Map<number, Pending>();
  #child: EngineChild | undefined;
  /** Processes that were told to end, and what waits for it. */
  readonly #leaving = new Map<EngineChild, { ended: Promise<void>; settle: () => void }>();
  #nextId = 1;
  #died = false;
  #registry: Promise<Registry> | undefined;

  /** @param onState told when the process has died, and when a new one is up after that */
  constructor(launch: EngineLauncher, onState: (up: boolean, reason: string) => void = () => undefined) {
    this.#launch = launch;
    this.#onState = onState;
  }

  /** Of the process, while there is one. */
  get pid(): number | undefined {
    return this.#child?.pid;
  }

  info(): Promise<EngineInfo> {
    return this.#question<EngineInfo>('info');
  }

  // It does not change while the program runs.
  registry(): Promise<Registry> {
    return (this.#registry ??= this.#question<Registry>('registry').catch((error: unknown) => {
      this.#registry = undefined;
      throw error;
    }));
  }

  start<J extends Job>(job: J, onEvent: (event: EngineEvent) => void = () => undefined): RunningJob<J> {
    const id = this.#nextId++;
    const result = this.#request<JobResults[J['kind']]>({ type: 'start', id, job }, onEvent);
    return {
      result: job.kind === 'train' ? result.finally(() => this.#leaveIfIdle()) : result,
      cancel: () => this.#tell(id, { type: 'cancel', id }),
      ask: (what) => this.#tell(id, { type: 'ask', id, what }),
    };
  }

  /** Ends the process, and with it whatever it does. */
  async close(): Promise<void> {
    this.#leave();
    await Promise.all([...this.#leaving.values()].map(({ ended }) => ended));
  }

  #question<T>(type: 'info' | 'registry'): Promise<T> {
    return this.#request<T>({ type, id: this.#nextId++ }, () => undefined);
  }

  #request<T>(message: ToEngine & { id: number }, onEvent: Pending['onEvent']): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      this.#pending.set(message.id, { onEvent, resolve: (value) => resolve(value as T), reject });
      this.#running().send(message);
    });
  }

  #tell(id: number, message: ToEngine): void {
    if (this.#pending.has(id)) this.#child?.send(message);
  }

  #running(): EngineChild {
    if (this.#child) return this.#child;
    const child: EngineChild = this.#launch({
      onMessage: (message) => this.#take(message),
      onExit: (reason) => this.#gone(child, reason),
    });
    this.#child = child;
    return child;
  }

  #take(message: FromEngine): void {
    const pending = this.#pending.get(message.id);
    if (!pending) return;
    if (this.#died) {
      this.#died = false;
      this.#onState(true, '');
    }
    if (message.type === 'event') return pending.onEvent(message.event);
    this.#pending.delete(message.id);
    if (message.type === 'done') return pending.resolve(message.value);
    const { code, message: sentence, hint } = message.error;
    pending.reject(new RankwiseError(code, sentence, hint));
  }

  #leaveIfIdle(): void {
    if (this.#pending.size === 0) this.#leave();
  }

  // The process that leaves is no longer the one that is used: a new job may start another meanwhile.
  #leave(): void {
    const child = this.#child;
    if (!child) return;
    this.#child = undefined;
    for (const pending of this.#takeAll()) {
      pending.reject(new RankwiseError('E_CANCELLED', 'The engine was ended.'));
    }
    const { promise: ended, resolve } = Promise.withResolvers<void>();
    const patience = setTimeout(() => child.kill(), PATIENCE_MS);
    this.#leaving.set(child, {
      ended,
      settle: () => {
        clearTimeout(patience);
        this.#leaving.delete(child);
        resolve();
      },
    });
    child.send({ type: 'exit' });
  }

  #gone(child: EngineChild, reason: string): void {
    if (child !== this.#child) return this.#leaving.get(child)?.settle();
    this.#child = undefined;
    this.#died = true;
    const sentence = `The engine ended unexpectedly (${reason}).`;
    const hint = 'What it was doing is lost from its last checkpoint on. It starts again by itself with the next use.';
    this.#onState(false, sentence);
    for (const pending of this.#takeAll()) pending.reject(new RankwiseError('E_ENGINE_DIED', sentence, hint));
  }

  #takeAll(): Pending[] {
    const all = [...this.#pending.values()];
    this.#pending.clear();
    return all;
  }
}
