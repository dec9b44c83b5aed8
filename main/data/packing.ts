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

export const IGNORED = -100;

/** Documents joined to full sequences, in order. Nothing of one document is predicted from another; the last sequence is filled up. */
export function packDocuments(documents: readonly Int32Array[], length: number, padId: number): Sequences {
  const total = documents.reduce((sum, document) => sum + document.length, 0);
  const full = Math.floor(total / length);
  // A remainder of one token predicts nothing.
  const sequences = allocate(total % length >= 2 || full === 0 ? full + 1 : full, length, padId);
  const { ids, labels, documentStart } = sequences;
  let at = 0;
  for (const document of documents) {
    const begin = at;
    for (const id of document.subarray(0, ids.length - at)) {
      ids[at] = id;
      labels[at] = at === begin ? IGNORED : id;
      documentStart[at] = Math.max(0, begin - (at - (at % length)));
      at += 1;
    }
  }
  documentStart.fill(at % length, at);
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
