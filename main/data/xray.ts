import type { Xray } from '../../preload/contract/datasets.ts';
import { DigestSet } from './digest-set.ts';
import type { EncodedExample } from './example-encoder.ts';
import { chatOf } from './example-text.ts';
import type { Example } from './example.ts';

const MOST_DUPLICATE_ROWS = 100;

/** Gathers what a look at every row says. */
export class XrayReader {
  readonly #seen = new DigestSet();
  readonly #evaluation: DigestSet | null;
  readonly #byLength = new Map<number, number>();
  readonly #duplicateRows: number[] = [];
  #rows = 0;
  #tokens = 0;
  #trained = 0;
  #duplicates = 0;
  #empty = 0;
  #leaked = 0;

  /** @param evaluation what the evaluation data say, where there are any: see `saying` */
  constructor(evaluation: DigestSet | null) {
    this.#evaluation = evaluation;
  }

  take(example: Example, { ids, trained }: EncodedExample): void {
    const said = saying(example);
    if (!this.#seen.add(said)) {
      this.#duplicates += 1;
      if (this.#duplicateRows.length < MOST_DUPLICATE_ROWS) this.#duplicateRows.push(this.#rows);
    }
    if (this.#evaluation?.has(said)) this.#leaked += 1;
    let learned = 0;
    // The first token is predicted from nothing.
    for (let i = 1; i < trained.length; i++) learned += trained[i]!;
    if (learned === 0) this.#empty += 1;
    this.#rows += 1;
    this.#tokens += ids.length;
    this.#trained += learned;
    this.#byLength.set(ids.length, (this.#byLength.get(ids.length) ?? 0) + 1);
  }

  result(): Omit<Xray, 'seconds'> {
    const lengths = [...this.#byLength.keys()].sort((a, b) => a - b);
    const counts = lengths.map((length) => this.#byLength.get(length)!);
    let below = 0;
    const middle = lengths.find((_, i) => (below += counts[i]!) * 2 >= this.#rows) ?? 0;
    return {
      rows: this.#rows,
      tokens: this.#tokens,
      trainedTokens: this.#trained,
      longest: lengths.at(-1) ?? 0,
      median: middle,
      lengths: Float64Array.from(lengths),
      counts: Float64Array.from(counts),
      duplicates: this.#duplicates,
      duplicateRows: this.#duplicateRows,
      emptyTargets: this.#empty,
      leaked: this.#evaluation ? this.#leaked : null,
    };
  }
}

/** What an example says, whichever columns say it: prompt and completion are a chat of two turns. */
export function saying(example: Example): string {
  if (example.kind === 'text') return example.text;
  return JSON.stringify(chatOf(example).messages.map(({ role, content }) => [role, content]));
}
