import type { EncodedExample } from './example-encoder.ts';
import { blank, fillUp, IGNORED, type Sequence, type SequenceSettings } from './packing.ts';

const MOST_OPEN = 64;

interface OpenSequence {
  sequence: Sequence;
  used: number;
}

/** What became of the rows. */
export interface RowCounts {
  rows: number;
  /** Longer than a sequence: what is behind its length is left out. */
  cut: number;
  /** Without a token to learn, whole or once they are cut; these are left out. */
  empty: number;
  sequences: number;
}

/**
 * Puts rows into sequences, each row whole: an answer without its prompt would teach something else. A row goes where the least
 * room is left behind it, among the sequences that are still open; without packing each row is a sequence. Same rows, same
 * sequences in the same order.
 */
export class RowPacker {
  readonly #settings: SequenceSettings & { packing: boolean };
  readonly #emit: (sequence: Sequence) => void;
  readonly #open: OpenSequence[] = [];
  readonly counts: RowCounts = { rows: 0, cut: 0, empty: 0, sequences: 0 };

  /** @param emit gets arrays that are its own */
  constructor(settings: SequenceSettings & { packing: boolean }, emit: (sequence: Sequence) => void) {
    this.#settings = settings;
    this.#emit = emit;
  }

  add({ ids, trained }: EncodedExample): void {
    const { length } = this.#settings;
    const kept = Math.min(ids.length, length);
    this.counts.rows += 1;
    if (kept < ids.length) this.counts.cut += 1;
    // The first token is predicted from nothing.
    if (!trained.subarray(1, kept).includes(1)) {
      this.counts.empty += 1;
      return;
    }
    const room = this.#roomFor(kept);
    const { sequence, used } = room;
    sequence.ids.set(ids.subarray(0, kept), used);
    for (let i = 0; i < kept; i++) sequence.labels[used + i] = i > 0 && trained[i] === 1 ? ids[i]! : IGNORED;
    sequence.documentStart.fill(used, used, used + kept);
    room.used += kept;
    if (room.used === length || !this.#settings.packing) this.#give(room);
  }

  end(): void {
    for (const room of [...this.#open]) this.#give(room);
  }

  #roomFor(tokens: number): OpenSequence {
    const { length } = this.#settings;
    let best: OpenSequence | undefined;
    for (const room of this.#open) {
      if (room.used + tokens <= length && (!best || room.used > best.used)) best = room;
    }
    if (best) return best;
    if (this.#open.length === MOST_OPEN) this.#give(this.#open.reduce((a, b) => (b.used > a.used ? b : a)));
    const room = { sequence: blank(this.#settings), used: 0 };
    this.#open.push(room);
    return room;
  }

  #give(room: OpenSequence): void {
    this.#open.splice(this.#open.indexOf(room), 1);
    fillUp(room.sequence, room.used, this.#settings.padId);
    this.counts.sequences += 1;
    this.#emit(room.sequence);
  }
}
