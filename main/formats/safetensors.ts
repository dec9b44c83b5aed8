import { closeSync, fsyncSync, openSync, readSync, renameSync, statSync, writeSync } from 'node:fs';
import { RankwiseError } from '../../preload/contract/errors.ts';
import { partOf } from './part-name.ts';

export interface TensorEntry {
  dtype: string;
  shape: number[];
  /** First and one-past-last byte within the file. */
  begin: number;
  end: number;
}

const MOST_HEADER_BYTES = 100 * 2 ** 20;
const DTYPE_BYTES: Record<string, number> = {
  F64: 8,
  F32: 4,
  F16: 2,
  BF16: 2,
  I64: 8,
  I32: 4,
  I16: 2,
  I8: 1,
  U8: 1,
  BOOL: 1,
};

/** The tensors of a safetensors file by name, every offset checked against the file. Throws E_SAFETENSORS. */
export function readSafetensorsHeader(file: string): Map<string, TensorEntry> {
  const refuse = (what: string): never => {
    throw new RankwiseError('E_SAFETENSORS', `${file} is not a sound safetensors file: ${what}.`);
  };
  const size = statSync(file).size;
  const handle = openSync(file, 'r');
  try {
    const prefix = Buffer.alloc(8);
    if (readSync(handle, prefix, 0, 8, 0) < 8) refuse('it is shorter than its header');
    const length = Number(prefix.readBigUInt64LE());
    if (length > MOST_HEADER_BYTES || 8 + length > size) refuse('its header is longer than the file');
    const text = Buffer.alloc(length);
    readSync(handle, text, 0, length, 8);
    let header: unknown;
    try {
      header = JSON.parse(text.toString('utf8'));
    } catch {
      refuse('its header is not JSON');
    }
    if (typeof header !== 'object' || header === null || Array.isArray(header)) refuse('its header is not an object');
    const tensors = new Map<string, TensorEntry>();
    for (const [name, entry] of Object.entries(header as Record<string, unknown>)) {
      if (name === '__metadata__') continue;
      const {
        dtype,
        shape,
        data_offsets: offsets,
      } = (entry ?? {}) as { dtype?: unknown; shape?: unknown; data_offsets?: unknown };
      const naturals = (list: unknown): list is number[] =>
        Array.isArray(list) && list.every((n) => Number.isSafeInteger(n) && (n as number) >= 0);
      if (typeof dtype !== 'string' || !naturals(shape) || !naturals(offsets) || offsets.length !== 2) {
        return refuse(`the entry of ${name} is malformed`);
      }
      const [begin, end] = offsets as [number, number];
      const width = DTYPE_BYTES[dtype];
      const elements = shape.reduce((product, n) => product * n, 1);
      if (begin > end || 8 + length + end > size) refuse(`the data of ${name} lies outside the file`);
      if (width !== undefined && end - begin !== elements * width)
        refuse(`the data of ${name} has not the size of its shape`);
      tensors.set(name, { dtype, shape, begin: 8 + length + begin, end: 8 + length + end });
    }
    return tensors;
  } finally {
    closeSync(handle);
  }
}

/** What stands before the data of int32 matrices of one shape, which follow each other in the order of their names. */
export function int32Header(shape: readonly [rows: number, columns: number], names: readonly string[]): Buffer {
  const bytes = 4 * shape[0] * shape[1];
  const header = Object.fromEntries(
    names.map((name, i) => [name, { dtype: 'I32', shape, data_offsets: [i * bytes, (i + 1) * bytes] }]),
  );
  const json = JSON.stringify(header);
  const text = Buffer.from(json.padEnd(Math.ceil(json.length / 8) * 8));
  const prefix = Buffer.alloc(8);
  prefix.writeBigUInt64LE(BigInt(text.length));
  return Buffer.concat([prefix, text]);
}

/** Writes int32 matrices of one shape; the file appears whole or not at all. */
export function writeInt32Matrices(
  file: string,
  shape: [rows: number, columns: number],
  matrices: Record<string, Int32Array>,
): void {
  const part = partOf(file);
  const handle = openSync(part, 'w');
  try {
    const parts = [
      int32Header(shape, Object.keys(matrices)),
      ...Object.values(matrices).map((data) => Buffer.from(data.buffer, data.byteOffset, data.byteLength)),
    ];
    for (const bytes of parts) for (let at = 0; at < bytes.length;) at += writeSync(handle, bytes, at);
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
  renameSync(part, file);
}
