import { createHash, type Hash } from 'node:crypto';
import { createReadStream, existsSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { type FileHandle, rename } from 'node:fs/promises';
import path from 'node:path';
import { RankwiseError } from '../../preload/contract/errors.ts';
import type { HubFile } from './hub-client.ts';
import { PassingFailure } from './hub-failure.ts';

export interface PartSource {
  /** Asks for the file from a byte on. */
  get: (headers: Record<string, string>) => Promise<Response>;
  /** The bytes of an answer as they come. */
  read: (answer: Response) => AsyncIterable<Uint8Array>;
  open: (file: string, flags: 'a' | 'w') => Promise<Pick<FileHandle, 'write' | 'sync' | 'close'>>;
  /** Bytes of this file that are on the disk. */
  progress: (bytes: number) => void;
  /** Told with each piece that came over the connection. */
  onReceived: (bytes: number) => void;
  signal: AbortSignal;
}

/**
 * Brings one file of a repository into a folder, going on from what lies there of it. It takes its name when its every byte is there,
 * hashed and synced; until then it is NAME.part. Throws E_HASH for another content, E_DISK for a full disk (what came stays), and
 * what `get` throws, a connection that breaks as PassingFailure.
 */
export async function fetchPart(file: HubFile, folder: string, source: PartSource): Promise<void> {
  const whole = path.join(folder, file.name);
  if (existsSync(whole)) {
    const hash = hasher(file);
    if (statSync(whole).size === file.bytes) await feed(hash, whole, source);
    if (hash.digest('hex') === wanted(file)) return;
    rmSync(whole);
  }
  const part = `${whole}.part`;
  const tag = `${part}.etag`;
  let [from, hash] = [0, hasher(file)];
  const restart = (): void => {
    for (const each of [part, tag]) rmSync(each, { force: true });
    [from, hash] = [0, hasher(file)];
    source.progress(0);
  };
  if (existsSync(part)) {
    from = statSync(part).size;
    if (from > file.bytes) restart();
    else await feed(hash, part, source);
  }
  const resumed = from > 0;
  if (from < file.bytes || !existsSync(part)) {
    const etag = resumed && existsSync(tag) ? readFileSync(tag, 'utf8') : null;
    const answer = await source.get(resumed ? { range: `bytes=${from}-`, ...(etag ? { 'if-range': etag } : {}) } : {});
    if (resumed && !continues(answer, from, file.bytes)) restart();
    // Weak tags do not vouch for bytes.
    const told = answer.headers.get('etag');
    if (told && !told.startsWith('W/')) writeFileSync(tag, told);
    await receive(answer, part, from, file, hash, source);
  }
  if (hash.digest('hex') !== wanted(file)) {
    restart();
    // What came before may have been of another content.
    if (resumed) return fetchPart(file, folder, source);
    throw new RankwiseError(
      'E_HASH',
      `${file.name} came with another content than the hub names (its hash differs).`,
      'Nothing of it was kept. Try again; if it stays so, the hub or a mirror is damaged.',
    );
  }
  await rename(part, whole);
  rmSync(tag, { force: true });
}

async function receive(
  answer: Response,
  part: string,
  from: number,
  file: HubFile,
  hash: Hash,
  { read, open, progress, onReceived }: PartSource,
): Promise<void> {
  const handle = await open(part, from > 0 ? 'a' : 'w');
  let done = from;
  try {
    for await (const chunk of read(answer)) {
      if (done + chunk.length > file.bytes)
        throw new RankwiseError('E_HASH', `${file.name} is longer than the hub names.`, 'Try again later.');
      for (let at = 0; at < chunk.length;) at += (await handle.write(chunk, at)).bytesWritten;
      hash.update(chunk);
      onReceived(chunk.length);
      progress((done += chunk.length));
    }
    await handle.sync();
  } catch (error) {
    throw (error as NodeJS.ErrnoException).code === 'ENOSPC' ? diskFull(file.name) : error;
  } finally {
    await handle.close();
  }
  if (done < file.bytes) throw new PassingFailure(`The connection ended in the middle of ${file.name}.`);
}

const continues = (answer: Response, from: number, bytes: number): boolean =>
  answer.status === 206 && answer.headers.get('content-range') === `bytes ${from}-${bytes - 1}/${bytes}`;

async function feed(hash: Hash, file: string, { progress, signal }: PartSource): Promise<void> {
  let done = 0;
  for await (const chunk of createReadStream(file, { highWaterMark: 2 ** 20, signal })) {
    hash.update(chunk as Buffer);
    progress((done += (chunk as Buffer).length));
  }
}

const wanted = ({ sha256, gitBlob }: HubFile): string => (sha256 ?? gitBlob)!;
const hasher = ({ sha256, bytes }: HubFile): Hash =>
  sha256 === null ? createHash('sha1').update(`blob ${bytes}\0`) : createHash('sha256');

const diskFull = (name: string): RankwiseError =>
  new RankwiseError(
    'E_DISK',
    `The disk became full while ${name} was written.`,
    'What has come is kept. Free some and download it again: it goes on from there.',
  );
