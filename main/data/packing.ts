/** Sequences as the engine reads them, each of `length` tokens, row after row. */
export interface Sequences {
  count: number;
  length: number;
  ids: Int32Array;
  /** The token itself where it is to be predicted from the ones before it, else −100. */
  labels: Int32Array;
  /** Position within the sequence at which the token's document begins: attention and positions start there. */
  documentStart: Int32Array;
}

/** One of them. */
export type Sequence = Omit<Sequences, 'count' | 'length'>;

export const IGNORED = -100;

export interface SequenceSettings {
  length: number;
  /** Fills up what nothing is left for. */
  padId: number;
}

/**
 * Joins documents to full sequences, in order. Nothing of one document is predicted from another; the last sequence is filled
 * up. A sequence is given away as soon as it is full, and its arrays are used again for the next one.
 */
export class DocumentJoiner {
  readonly #settings: SequenceSettings;
  readonly #emit: (sequence: Sequence) => void;
  readonly #sequence: Sequence;
  #used = 0;
  #emitted = 0;

  constructor(settings: SequenceSettings, emit: (sequence: Sequence) => void) {
    this.#settings = settings;
    this.#emit = emit;
    this.#sequence = blank(settings);
  }

  add(document: Int32Array): void {
    const { ids, labels, documentStart } = this.#sequence;
    let start = this.#used;
    for (const [i, id] of document.entries()) {
      ids[this.#used] = id;
      labels[this.#used] = i === 0 ? IGNORED : id;
      documentStart[this.#used] = start;
      this.#used += 1;
      if (this.#used === this.#settings.length) {
        this.#give();
        start = 0;
      }
    }
  }

  end(): void {
    // A remainder of one token predicts nothing.
    if (this.#used < 2 && this.#emitted > 0) return;
    fillUp(this.#sequence, this.#used, this.#settings.padId);
    this.#give();
  }

  #give(): void {
    this.#emit(this.#sequence);
    this.#emitted += 1;
    this.#used = 0;
  }
}

/** Documents joined to full sequences, all at once: see `DocumentJoiner`. */
export function packDocuments(documents: readonly Int32Array[], length: number, padId: number): Sequences {
  const total = documents.reduce((sum, document) => sum + document.length, 0);
  const full = Math.floor(total / length);
  const sequences = allocate(total % length >= 2 || full === 0 ? full + 1 : full, length, padId);
  let at = 0;
  const joiner = new DocumentJoiner({ length, padId }, ({ ids, labels, documentStart }) => {
    sequences.ids.set(ids, at);
    sequences.labels.set(labels, at);
    sequences.documentStart.set(documentStart, at);
    at += length;
  });
  for (const document of documents) joiner.add(document);
  joiner.end();
  return sequences;
}

/** One document a sequence, cut at `length`; what is left of a sequence is filled up. `cut` counts the documents that were longer. */
export function padDocuments(
  documents: readonly Int32Array[],
  length: number,
  padId: number,
): Sequences & { cut: number } {
  const sequences = allocate(documents.length, length, padId);
  let cut = 0;
  for (const [row, document] of documents.entries()) {
    const kept = document.subarray(0, length);
    if (kept.length < document.length) cut += 1;
    sequences.ids.set(kept, row * length);
    sequences.labels.set(kept, row * length);
    sequences.labels[row * length] = IGNORED;
    sequences.documentStart.fill(kept.length % length, row * length + kept.length, (row + 1) * length);
  }
  return { ...sequences, cut };
}

function allocate(count: number, length: number, padId: number): Sequences {
  const size = count * length;
  return {
    count,
    length,
    ids: new Int32Array(size).fill(padId),
    labels: new Int32Array(size).fill(IGNORED),
    documentStart: new Int32Array(size),
  };
}

export function blank({ length, padId }: SequenceSettings): Sequence {
  const { ids, labels, documentStart } = allocate(1, length, padId);
  return { ids, labels, documentStart };
}

/** Pads a sequence behind its first `used` tokens. Padding is a document of its own that predicts nothing. */
export function fillUp({ ids, labels, documentStart }: Sequence, used: number, padId: number): void {
  ids.fill(padId, used);
  labels.fill(IGNORED, used);
  documentStart.fill(used % ids.length, used);
}
