import { isUtf8 } from 'node:buffer';
import { brotliDecompressSync, gunzipSync, zstdDecompressSync } from 'node:zlib';
import { open } from 'node:fs/promises';
import {
  parquetMetadataAsync,
  parquetReadObjects,
  parquetSchema,
  type AsyncBuffer,
  type Compressors,
  type FileMetaData,
  type SchemaTree,
} from 'hyparquet';
import { RankwiseError, reportOf } from '../../../preload/contract/errors.ts';
import type { Findings, Reading } from './row.ts';

const MOST_PAGE_BYTES = 2 ** 30;

// Texts that are no UTF-8 are refused: replacing what cannot be read would change them without a word.
const decoder = new TextDecoder('utf-8', { fatal: true });
const parsers = { stringFromBytes: (bytes?: Uint8Array) => bytes && decoder.decode(bytes) };

const compressors: Compressors = {
  GZIP: (input) => gunzipSync(input, { maxOutputLength: MOST_PAGE_BYTES }),
  BROTLI: (input) => brotliDecompressSync(input, { maxOutputLength: MOST_PAGE_BYTES }),
  ZSTD: (input) => zstdDecompressSync(input, { maxOutputLength: MOST_PAGE_BYTES }),
};

/** Rows of a Parquet file, a group of rows at a time. Throws E_DATA for what is no sound Parquet file. */
export async function* readParquet(path: string, { onBytes, signal }: Reading = {}): Findings {
  const handle = await open(path);
  const file = bufferOf(handle, (await handle.stat()).size);
  try {
    const metadata = await parquetMetadataAsync(file);
    checkColumns(metadata);
    const total = Math.max(1, Number(metadata.num_rows));
    const bytesBefore = (rows: number): number => Math.floor((file.byteLength * rows) / total);
    let row = 0;
    for (const group of metadata.row_groups) {
      signal?.throwIfAborted();
      const count = Number(group.num_rows);
      const rows = await parquetReadObjects({
        file,
        metadata,
        compressors,
        parsers,
        utf8: false,
        rowStart: row,
        rowEnd: row + count,
      });
      if (file.fault !== null) throw new Error(file.fault);
      const begin = row;
      row += count;
      onBytes?.(bytesBefore(row) - bytesBefore(begin));
      yield rows.map((values, i) => ({
        file: path,
        line: null,
        row: begin + i + 1,
        values: plain(values) as Record<string, unknown>,
      }));
    }
  } catch (error) {
    signal?.throwIfAborted();
    throw new RankwiseError(
      'E_DATA',
      `${path} cannot be read as Parquet: ${(file.fault ?? reportOf(error).message).replace(/\.$/, '')}.`,
    );
  } finally {
    await handle.close();
  }
}

/**
 * Throws where the groups of rows do not have the columns of the schema: the reader would begin to read those and then wait for
 * others, and what fails without being waited for ends the program.
 */
function checkColumns(metadata: FileMetaData): void {
  const leaves = new Set(leavesOf(parquetSchema(metadata)));
  for (const [i, group] of metadata.row_groups.entries()) {
    const names = group.columns.map(({ meta_data: column }) => column?.path_in_schema.join('.') ?? '');
    const odd = names.find((name, n) => !leaves.has(name) || names.indexOf(name) !== n);
    if (odd !== undefined) throw new Error(`group ${i + 1} of its rows has a column “${odd}” that the schema has not`);
    if (names.length !== leaves.size) throw new Error(`group ${i + 1} of its rows lacks columns of the schema`);
  }
}

function leavesOf({ children, path }: SchemaTree): string[] {
  return children.length > 0 ? children.flatMap(leavesOf) : [path.join('.')];
}

/**
 * The file for the reader. Places outside of it are noted and answered with nothing: the reader asks ahead, and a refusal that it
 * does not wait for would end the program.
 */
function bufferOf(
  handle: Awaited<ReturnType<typeof open>>,
  byteLength: number,
): AsyncBuffer & { fault: string | null } {
  const buffer = {
    byteLength,
    fault: null as string | null,
    async slice(start: number, end = byteLength): Promise<ArrayBuffer> {
      const sound =
        Number.isSafeInteger(start) && Number.isSafeInteger(end) && start >= 0 && start <= end && end <= byteLength;
      try {
        if (!sound) throw new RangeError(`it names the bytes ${start} to ${end}, and has ${byteLength}`);
        const bytes = new ArrayBuffer(end - start);
        await handle.read(new Uint8Array(bytes), 0, bytes.byteLength, start);
        return bytes;
      } catch (error) {
        buffer.fault ??= reportOf(error).message;
        return new ArrayBuffer(0);
      }
    },
  };
  return buffer;
}

/** Values as JSON has them: integers of 64 bits as numbers where they fit, else as text; times as ISO; bytes as text where they are some. */
function plain(value: unknown): unknown {
  if (typeof value === 'bigint') return Number.isSafeInteger(Number(value)) ? Number(value) : String(value);
  if (value instanceof Date) return value.toISOString();
  if (value === undefined) return null;
  if (value instanceof Uint8Array) return isUtf8(value) ? decoder.decode(value) : null;
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value === 'object' && value !== null) {
    return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, plain(each)]));
  }
  return value;
}
