import type { Store } from '../store/store.ts';
import type { NoticeHub } from './notices.ts';
import { verdictOf } from './reproduction.ts';
import type { RunSummaries } from './run-summaries.ts';

const TELL_EVERY_MS = 100;

/** Tells listeners how runs stand: at once when something has changed, at intervals while one trains. */
export class RunTeller {
  readonly #store: Store;
  readonly #summaries: RunSummaries;
  readonly #notices: NoticeHub;
  readonly #soon = new Map<string, NodeJS.Timeout>();

  constructor(store: Store, summaries: RunSummaries, notices: NoticeHub) {
    this.#store = store;
    this.#summaries = summaries;
    this.#notices = notices;
  }

  tell(id: string): void {
    clearTimeout(this.#soon.get(id));
    this.#soon.delete(id);
    if (!this.#store.runs.find(id)) return;
    void this.#summaries.one(id).then((run) => this.#notices.publish({ topic: 'run', run }));
  }

  /** Putting a summary together takes longer than many steps do. */
  tellSoon(id: string): void {
    if (!this.#soon.has(id)) this.#soon.set(id, setTimeout(() => this.tell(id), TELL_EVERY_MS).unref());
  }

  /** A run is over: what it left is in the library, and one that repeats another is held against it. */
  ended(id: string): void {
    const run = this.#store.runs.find(id);
    const original = run?.reproduces ? this.#store.runs.find(run.reproduces) : undefined;
    const verdict = run && original && verdictOf(run, original);
    if (verdict) {
      const event = this.#store.events.add(id, null, 'reproduction', verdict, Date.now());
      this.#notices.publish({ topic: 'event', run: id, event });
    }
    this.tell(id);
    this.#changed('projects', 'models', 'adapters');
  }

  removed(): void {
    this.#changed('runs', 'projects', 'models', 'adapters');
  }

  #changed(...nouns: ('runs' | 'projects' | 'models' | 'adapters')[]): void {
    for (const noun of nouns) this.#notices.publish({ topic: 'changed', noun });
  }
}
