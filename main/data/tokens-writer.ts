import { closeSync, fsyncSync, mkdirSync, openSync, readSync, renameSync, rmSync, writeSync } from 'node:fs';
import path from 'node:path';
import { partOf } from '../formats/part-name.ts';
import { int32Header } from '../formats/safetensors.ts';
import type { Sequence } from './packing.ts';

const NAMES = ['input_ids', 'labels', 'document_start'] as const;
const BUFFER = 2 ** 20;

/**
 * Writes a tokens file of which nobody knows the size yet: its tensors grow in files of their own and are joined in the end. The
 * file appears whole or not at all.
 */
export class TokensWriter {
  readonly #file: string;
  readonly #length: number;
  readonly #parts: { name: string; path: string; handle: number }[];
  #count = 0;

  constructor(file: string, length: number) {
    this.#file = file;
    this.#length = length;
    mkdirSync(path.dirname(file), { recursive: true });
    this.#parts = NAMES.map((name) => {
      const part = partOf(`${file}.${name}`);
      return { name, path: part, handle: openSync(part, 'w+') };
    });
  }

  get count(): number {
    return this.#count;
  }

  add({ ids, labels, documentStart }: Sequence): void {
    for (const [i, data] of [ids, labels, documentStart].entries()) write(this.#parts[i]!.handle, data);
    this.#count += 1;
  }

  /** Joins the tensors to the file. */
  end(): void {
    const whole = partOf(this.#file);
    const handle = openSync(whole, 'w');
    try {
      write(handle, int32Header([this.#count, this.#length], NAMES));
      const buffer = Buffer.alloc(BUFFER);
      for (const part of this.#parts) {
        for (let at = 0, read; (read = readSync(part.handle, buffer, 0, BUFFER, at)) > 0; at += read) {
          write(handle, buffer.subarray(0, read));
        }
      }
      fsyncSync(handle);
    } finally {
      closeSync(handle);
      this.drop();
    }
    renameSync(whole, this.#file);
  }

  /** Leaves nothing behind. */
  drop(): void {
    for (const { handle, path: part } of this.#parts.splice(0)) {
      closeSync(handle);
      rmSync(part, { force: true });
    }
  }
}

function write(handle: number, data: Uint8Array | Int32Array): void {
  const bytes = Buffer.from(data.buffer, data.byteOffset, data.byteLength);
  for (let at = 0; at < bytes.length;) at += writeSync(handle, bytes, at);
}
