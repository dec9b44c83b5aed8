import { closeSync, openSync, readSync, statSync } from 'node:fs';
import { RankwiseError } from '../../preload/contract/errors.ts';
import { readSafetensorsHeader, writeInt32Matrices, type TensorEntry } from '../formats/safetensors.ts';
import { IGNORED, type Sequences } from './packing.ts';

export interface TokensShape {
  count: number;
  length: number;
}

/** Writes sequences where the engine can map them; the file appears whole or not at all. */
export function writeTokensFile(file: string, sequences: Sequences): void {
  writeInt32Matrices(file, [sequences.count, sequences.length], {
    input_ids: sequences.ids,
    labels: sequences.labels,
    document_start: sequences.documentStart,
  });
}

/**
 * Checks a tokens file that somebody else made: `input_ids` int32 [sequences × length], `labels` and `document_start` of the
 * same shape if there are any, ids within the vocabulary. Throws E_TOKENS naming the tensor and the place.
 */
export function checkTokensFile(file: string, vocabSize: number): TokensShape {
  if (!statSync(file, { throwIfNoEntry: false })?.isFile())
    throw new RankwiseError('E_TOKENS', `There is no tokens file at ${file}.`);
  const tensors = readSafetensorsHeader(file);
  const ids = tensors.get('input_ids');
  if (!ids) {
    throw new RankwiseError(
      'E_TOKENS',
      `${file} has no tensor input_ids.`,
      'A tokens file holds input_ids (int32, sequences × length) and optionally labels.',
    );
  }
  const [count = 0, length = 0] = ids.shape;
  if (ids.shape.length !== 2 || count < 1 || length < 2) {
    throw new RankwiseError(
      'E_TOKENS',
      `input_ids of ${file} has the shape [${ids.shape.join(', ')}]; expected sequences × length, at least 1 × 2.`,
    );
  }
  const ranges: Record<string, (value: number, column: number) => boolean> = {
    input_ids: (value) => value >= 0 && value < vocabSize,
    labels: (value) => value === IGNORED || (value >= 0 && value < vocabSize),
    document_start: (value, column) => value >= 0 && value <= column,
  };
  for (const [name, inRange] of Object.entries(ranges)) {
    const tensor = tensors.get(name);
    if (!tensor) continue;
    if (tensor.dtype !== 'I32')
      throw new RankwiseError('E_TOKENS', `${name} of ${file} is ${tensor.dtype}; expected I32.`);
    if (tensor.shape.join() !== ids.shape.join()) {
      throw new RankwiseError(
        'E_TOKENS',
        `${name} of ${file} has the shape [${tensor.shape.join(', ')}]; expected that of input_ids, [${ids.shape.join(', ')}].`,
      );
    }
    const wrong = firstOutOfRange(file, tensor, length, inRange);
    if (wrong) {
      const where = `sequence ${Math.floor(wrong.index / length)}, position ${wrong.index % length}`;
      throw new RankwiseError(
        'E_TOKENS',
        `${name} of ${file} holds ${wrong.value} at ${where}; the vocabulary has ${vocabSize} entries.`,
      );
    }
  }
  return { count, length };
}

function firstOutOfRange(
  file: string,
  tensor: TensorEntry,
  length: number,
  inRange: (value: number, column: number) => boolean,
): { index: number; value: number } | undefined {
  const handle = openSync(file, 'r');
  try {
    const chunk = Buffer.alloc(4 * 2 ** 20);
    for (let at = tensor.begin; at < tensor.end;) {
      const read = readSync(handle, chunk, 0, Math.min(chunk.length, tensor.end - at), at);
      if (read === 0) return undefined;
      const first = (at - tensor.begin) / 4;
      const values = new Int32Array(chunk.buffer, chunk.byteOffset, Math.floor(read / 4));
      for (let i = 0; i < values.length; i++) {
        if (!inRange(values[i]!, (first + i) % length)) return { index: first + i, value: values[i]! };
      }
      at += values.length * 4;
    }
    return undefined;
  } finally {
    closeSync(handle);
  }
}
