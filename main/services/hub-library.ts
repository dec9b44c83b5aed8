import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { open } from 'node:fs/promises';
import path from 'node:path';
import { z } from 'zod';
import { RankwiseError } from '../../preload/contract/errors.ts';
import type { HubModel, UnfinishedDownload } from '../../preload/contract/hub.ts';
import type { ModelSummary } from '../../preload/contract/models.ts';
import { writePassport } from '../formats/passport.ts';
import { folderBytes } from './folder-size.ts';
import { HubClient } from './hub-client.ts';
import { downloadRevision, type HubMachine, realMachine } from './hub-download.ts';
import { checkEndpoint } from './hub-names.ts';
import { idOfPlace } from './ids.ts';
import type { ModelLibrary } from './model-library.ts';
import type { ModelPlanner } from './model-planner.ts';
import { claimDownload } from './run-lock.ts';
import type { Progress } from './tasks.ts';

const PUBLIC_HUB = 'https://huggingface.co';
const NOTE = 'download.json';
const note = z.object({ repository: z.string(), commit: z.string(), endpoint: z.string(), totalBytes: z.number() });

export interface HubParts {
  planner: Pick<ModelPlanner, 'proveConfig' | 'proveModel'>;
  library: Pick<ModelLibrary, 'enterDownloaded' | 'add'>;
  /** Where models lie, one folder each, and where downloads are filled: on the same disk. */
  folders: { models: string; downloads: string };
  env?: NodeJS.ProcessEnv;
  machine?: HubMachine;
}

export interface DownloadRequest {
  /** "OWNER/NAME" */
  repository: string;
  /** Branch, tag or commit. */
  revision: string;
  /** Another hub than that of HF_ENDPOINT. */
  endpoint?: string;
  /** A folder to be made, instead of one of the library's own. */
  output?: string;
}

/** Models of a hub: found, downloaded, and entered in the library whole or not at all. */
export class HubLibrary {
  readonly #parts: HubParts;
  readonly #env: NodeJS.ProcessEnv;
  readonly #running = new Set<string>();

  constructor(parts: HubParts) {
    this.#parts = parts;
    this.#env = parts.env ?? process.env;
  }

  /** Models of the hub. Throws E_NETWORK, E_OFFLINE, E_HUB. @param endpoint another hub than that of HF_ENDPOINT */
  search(words: string, endpoint: string | undefined, signal: AbortSignal): Promise<HubModel[]> {
    return this.#client(endpoint).search(words, signal);
  }

  /**
   * Progress in bytes. Failed or cancelled, nothing of it is in the library; what has come is kept and the next download of the same
   * commit goes on from it, unless the engine refuses the model. Throws that refusal, E_GATED, E_PICKLE, E_DISK, E_HASH, E_NETWORK,
   * E_OFFLINE, E_OUTPUT, E_BUSY.
   */
  async download(request: DownloadRequest, progress: Progress, signal: AbortSignal): Promise<ModelSummary> {
    const { planner, library, folders, machine = realMachine } = this.#parts;
    const output = request.output === undefined ? null : path.resolve(request.output);
    if (output !== null && existsSync(output))
      throw new RankwiseError('E_OUTPUT', `${output} is there already.`, 'Name a folder that is not there yet.');
    const client = this.#client(request.endpoint);
    const revision = await client.revision(request.repository, request.revision, signal);
    const { repository, commit } = revision;
    const name = repository.split('/').at(-1)!;
    const id = idOfPlace(name, `${client.access.endpoint} ${repository} ${commit}`, 'model');
    const place = output ?? path.join(folders.models, id);
    if (existsSync(place)) return library.enterDownloaded(place, name);
    const part = output === null ? path.join(folders.downloads, `${id}.part`) : `${output}.${commit.slice(0, 8)}.part`;
    const release = await this.#claim(part);
    try {
      const keep = (totalBytes: number): void =>
        writeFileSync(
          path.join(part, NOTE),
          JSON.stringify({ repository, commit, endpoint: client.access.endpoint, totalBytes }),
        );
      keep(0);
      const judge = (folder: string): Promise<void> => refuseForGood(folder, () => planner.proveConfig(folder));
      await downloadRevision(client, revision, part, { judge, onTotal: keep }, machine, progress, signal);
      await refuseForGood(part, () => planner.proveModel(part));
      signal.throwIfAborted();
      rmSync(path.join(part, NOTE));
      const { endpoint } = client.access;
      if (output === null) writePassport(part, { name, repository, commit, endpoint, downloadedAt: Date.now() });
      release();
      mkdirSync(path.dirname(place), { recursive: true });
      await syncFolder(part);
      renameSync(part, place);
      await syncFolder(path.dirname(place));
    } catch (error) {
      // What was refused before anything came, or for good, leaves no folder.
      if (existsSync(part) && !hasContent(part)) rmSync(part, { recursive: true, force: true });
      throw error;
    } finally {
      release();
    }
    return output === null ? library.enterDownloaded(place, name) : library.add(place, () => undefined, signal);
  }

  /** Downloads into the library that were begun, in the order of their ids. */
  async unfinished(): Promise<UnfinishedDownload[]> {
    const { downloads } = this.#parts.folders;
    if (!existsSync(downloads)) return [];
    const found: UnfinishedDownload[] = [];
    for (const folder of readdirSync(downloads).sort()) {
      const id = /^([a-z0-9-]+)\.part$/.exec(folder)?.[1];
      const told = id && readNote(path.join(downloads, folder));
      if (!id || !told) continue;
      const part = path.join(downloads, folder);
      found.push({ id, ...told, doneBytes: await folderBytes(part), running: this.#running.has(part) });
    }
    return found;
  }

  /** Removes what has come of a download. Throws E_BUSY while it goes on, E_HUB for one that is not there. */
  async discard(id: string): Promise<void> {
    const there = (await this.unfinished()).find((each) => each.id === id);
    if (!there) throw new RankwiseError('E_HUB', `There is no unfinished download “${id}”.`);
    const part = path.join(this.#parts.folders.downloads, `${id}.part`);
    const release = await this.#claim(part);
    rmSync(part, { recursive: true, force: true });
    release();
  }

  #client(endpoint: string | undefined): HubClient {
    return new HubClient({
      endpoint: checkEndpoint(endpoint ?? (this.#env.HF_ENDPOINT || PUBLIC_HUB)),
      token: this.#env.HF_TOKEN?.trim() || null,
      offline: ['1', 'true', 'yes', 'on'].includes((this.#env.HF_HUB_OFFLINE ?? '').toLowerCase()),
      fetch: (input, init) => fetch(input, init),
    });
  }

  async #claim(part: string): Promise<() => void> {
    if (this.#running.has(part))
      throw new RankwiseError('E_BUSY', 'That model is being downloaded already.', 'Wait for it, or cancel it.');
    this.#running.add(part);
    try {
      const unlock = await claimDownload(part);
      return () => {
        unlock();
        this.#running.delete(part);
      };
    } catch (error) {
      this.#running.delete(part);
      throw error;
    }
  }
}

/** What the engine refuses once, it will refuse again: nothing of it is kept. */
async function refuseForGood(part: string, judge: () => Promise<void>): Promise<void> {
  try {
    await judge();
  } catch (error) {
    rmSync(part, { recursive: true, force: true });
    throw error;
  }
}

const hasContent = (part: string): boolean =>
  readdirSync(part).some((name) => name !== NOTE && name !== 'config.json' && !name.startsWith('download.lock'));

function readNote(part: string): z.infer<typeof note> | null {
  try {
    return note.parse(JSON.parse(readFileSync(path.join(part, NOTE), 'utf8')));
  } catch {
    return null;
  }
}

async function syncFolder(folder: string): Promise<void> {
  // Windows opens no folders; its file system keeps renames in order by itself.
  if (process.platform === 'win32') return;
  const handle = await open(folder, 'r');
  await handle.sync().finally(() => handle.close());
}
