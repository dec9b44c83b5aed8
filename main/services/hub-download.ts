import { mkdirSync, statSync } from 'node:fs';
import { open, statfs } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { bytes as inUnits } from '../../preload/contract/figures.ts';
import { RankwiseError } from '../../preload/contract/errors.ts';
import type { HubClient, HubFile, HubRevision } from './hub-client.ts';
import { bodyOf } from './hub-body.ts';
import { type Alarm, PassingFailure, realAlarm } from './hub-failure.ts';
import { chooseFiles, INDEX } from './hub-files.ts';
import { fetchPart, type PartSource } from './hub-part.ts';
import { getFromHub } from './hub-request.ts';
import type { Progress } from './tasks.ts';

const WAITS_MS = [1000, 2000, 4000, 8000, 16_000];
/** So much must have come for a connection to count as working again. */
const WORKING_BYTES = 2 ** 20;

/** What tests put in the place of clock and disk. */
export interface HubMachine {
  wait: (ms: number, signal: AbortSignal) => Promise<void>;
  alarm: Alarm;
  freeBytes: (folder: string) => Promise<number>;
  open: PartSource['open'];
}

export const realMachine: HubMachine = {
  wait: (ms, signal) => sleep(ms, undefined, { signal }),
  alarm: realAlarm,
  freeBytes: async (folder) => {
    const { bavail, bsize } = await statfs(folder);
    return bavail * bsize;
  },
  open,
};

export interface DownloadSteps {
  /** Throws for a config.json in the folder that the engine does not know. */
  judge: (folder: string) => Promise<void>;
  /** Told once, when it is known what it all weighs. */
  onTotal: (bytes: number) => void;
}

/**
 * Brings what the engine needs of a revision into a folder, going on from what lies there: the config first, which is judged before
 * anything large is asked for, then as much room on the disk as it takes. Broken connections are tried again after growing waits.
 * Progress in bytes. Throws what `judge` throws, E_DISK, E_HASH, E_NETWORK, E_GATED, …; what has come stays in the folder.
 */
export async function downloadRevision(
  client: HubClient,
  revision: HubRevision,
  folder: string,
  { judge, onTotal }: DownloadSteps,
  machine: HubMachine,
  progress: Progress,
  signal: AbortSignal,
): Promise<void> {
  const { first, rest } = chooseFiles(revision);
  mkdirSync(folder, { recursive: true });
  let before = 0;
  let total: number | null = null;
  const fetchOne = async (file: HubFile): Promise<void> => {
    await fetchFile(client, revision, file, folder, machine, (done) => progress(before + done, total), signal);
    progress((before += file.bytes), total);
  };
  const [config, ...indexes] = first;
  await fetchOne(config!);
  await judge(folder);
  for (const index of indexes) await fetchOne(index);
  const others = rest(path.join(folder, INDEX));
  total = [...first, ...others].reduce((sum, { bytes }) => sum + bytes, 0);
  onTotal(total);
  await requireRoom(folder, others, machine);
  for (const file of others) await fetchOne(file);
}

/** Brings one file of a revision, with growing waits where the connection breaks. Progress in bytes of this file. */
export async function fetchFile(
  client: HubClient,
  revision: HubRevision,
  file: HubFile,
  folder: string,
  { wait, open: openFile }: HubMachine,
  progress: (bytes: number) => void,
  signal: AbortSignal,
): Promise<void> {
  const address = client.addressOf(revision, file.name);
  const subject = `${file.name} of ${revision.repository}`;
  for (let failures = 0; ;) {
    let came = 0;
    try {
      return await fetchPart(file, folder, {
        get: (headers) => getFromHub(client.access, address, subject, { headers, signal }),
        read: (answer) => bodyOf(answer, file.name, client.access, signal),
        open: openFile,
        progress,
        onReceived: (bytes) => (came += bytes),
        signal,
      });
    } catch (error) {
      signal.throwIfAborted();
      if (came >= WORKING_BYTES) failures = 0;
      const pause = WAITS_MS[failures];
      if (!(error instanceof PassingFailure) || pause === undefined) throw error;
      failures += 1;
      await wait(error.waitMs ?? pause, signal);
    }
  }
}

async function requireRoom(folder: string, files: readonly HubFile[], { freeBytes }: HubMachine): Promise<void> {
  const there = ({ name }: HubFile): number => {
    const place = path.join(folder, name);
    return [place, `${place}.part`].reduce(
      (sum, each) => sum + (statSync(each, { throwIfNoEntry: false })?.size ?? 0),
      0,
    );
  };
  const needed = files.reduce((sum, file) => sum + Math.max(0, file.bytes - there(file)), 0);
  const free = await freeBytes(folder);
  if (needed <= free) return;
  throw new RankwiseError(
    'E_DISK',
    `The model takes ${inUnits(needed)} more; on the disk of ${folder} ${inUnits(free)} are free.`,
    'Free some, then download it again.',
  );
}
