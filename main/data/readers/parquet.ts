import { brotliDecompressSync, gunzipSync, zstdDecompressSync } from 'node:zlib';
import { open } from 'node:fs/promises';
import { parquetMetadataAsync, parquetReadObjects, type AsyncBuffer, type Compressors } from 'hyparquet';
import { RankwiseError, reportOf } from '../../../preload/contract/errors.ts';
import type { Findings, Reading } from './row.ts';

const MOST_PAGE_BYTES = 2 ** 30;

const compressors: Compressors = {
  GZIP: (input) => gunzipSync(input, { maxOutputLength: MOST_PAGE_BYTES }),
  BROTLI: (input) => brotliDecompressSync(input, { maxOutputLength: MOST_PAGE_BYTES }),
  ZSTD: (input) => zstdDecompressSync(input, { maxOutputLength: MOST_PAGE_BYTES }),
};

/** Rows of a Parquet file, a group of rows at a time. Throws E_DATA for what is no sound Parquet file. */
export async function* readParquet(path: string, { onBytes, signal }: Reading = {}): Findings {
  const handle = await open(path);
  try {
    const file = bufferOf(handle, (await handle.stat()).size);
    const metadata = await parquetMetadataAsync(file);
    let row = 0;
    for (const group of metadata.row_groups) {
      signal?.throwIfAborted();
      const count = Number(group.num_rows);
      const rows = await parquetReadObjects({ file, metadata, compressors, rowStart: row, rowEnd: row + count });
      const begin = row;
      row += count;
      onBytes?.(
        Math.floor((file.byteLength * row) / Number(metadata.num_rows)) -
          Math.floor((file.byteLength * begin) / Number(metadata.num_rows)),
      );
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
      `${path} cannot be read as Parquet: ${reportOf(error).message.replace(/\.$/, '')}.`,
    );
  } finally {
    await handle.close();
  }
}

function bufferOf(handle: Awaited<ReturnType<typeof open>>, byteLength: number): AsyncBuffer {
  return {
    byteLength,
    async slice(start, end = byteLength) {
      const buffer = new ArrayBuffer(Math.max(0, Math.min(end, byteLength) - start));
      await handle.read(new Uint8Array(buffer), 0, buffer.byteLength, start);
      return buffer;
    },
  };
}

/** Values as JSON has them: integers of 64 bits as numbers where they fit, else as text; times as ISO; bytes are left out. */
function plain(value: unknown): unknown {
  if (typeof value === 'bigint') return Number.isSafeInteger(Number(value)) ? Number(value) : String(value);
  if (value instanceof Date) return value.toISOString();
  if (value === undefined || value instanceof Uint8Array) return null;
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value === 'object' && value !== null) {
    return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, plain(each)]));
  }
  return value;
}
