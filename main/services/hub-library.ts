import { existsSync, mkdirSync, renameSync, rmSync } from 'node:fs';
import { open } from 'node:fs/promises';
import path from 'node:path';
import { RankwiseError } from '../../preload/contract/errors.ts';
import type { HubInspection, HubModel, UnfinishedDownload } from '../../preload/contract/hub.ts';
import type { ModelSummary } from '../../preload/contract/models.ts';
import { writePassport } from '../formats/passport.ts';
import { BegunDownloads, type DownloadNote } from './hub-begun.ts';
import { HubClient, type HubRevision } from './hub-client.ts';
import type { HubConnections } from './hub-connection.ts';
import { downloadRevision, type HubMachine, realMachine } from './hub-download.ts';
import { inspectRevision } from './hub-inspection.ts';
import { idOfPlace } from './ids.ts';
import type { ModelLibrary } from './model-library.ts';
import type { ModelPlanner, PlanShape } from './model-planner.ts';
import type { Progress } from './tasks.ts';

export interface HubParts {
  planner: Pick<ModelPlanner, 'proveConfig' | 'proveModel' | 'fitsConfig'>;
  library: Pick<ModelLibrary, 'enterDownloaded' | 'add'>;
  /** Where models lie, one folder each, and where downloads are filled: on the same disk. */
  folders: { models: string; downloads: string };
  /** Told when the unfinished downloads have become others. */
  changed: () => void;
  connections: HubConnections;
  machine?: HubMachine;
}

export interface DownloadRequest {
  /** "OWNER/NAME" */
  repository: string;
  /** Branch, tag or commit. */
  revision: string;
  /** Another hub than the current one. */
  endpoint?: string;
  /** A folder to be made, instead of one of the library's own. */
  output?: string;
}

/** Models of a hub: found, downloaded, and entered in the library whole or not at all. */
export class HubLibrary {
  readonly #parts: HubParts;
  readonly #machine: HubMachine;
  readonly #begun: BegunDownloads;

  constructor(parts: HubParts) {
    this.#parts = parts;
    this.#machine = parts.machine ?? realMachine;
    this.#begun = new BegunDownloads(parts.folders.downloads, parts.changed);
  }

  /** Models of the hub. Throws E_NETWORK, E_OFFLINE, E_HUB. @param endpoint another hub than the current one */
  async search(words: string, endpoint: string | undefined, signal: AbortSignal): Promise<HubModel[]> {
    return (await this.#client(endpoint)).search(words, signal);
  }

  /** What a download would bring, whether it can be used, and what training it takes. Throws E_NETWORK, E_OFFLINE, E_HUB. */
  async inspect(
    { repository, revision: name }: Pick<DownloadRequest, 'repository' | 'revision'>,
    shape: PlanShape,
    signal: AbortSignal,
  ): Promise<HubInspection> {
    const { planner, folders } = this.#parts;
    const client = await this.#client(undefined);
    const revision = await client.revision(repository, name, signal);
    const contents = await inspectRevision(client, revision, planner, shape, this.#machine, signal);
    const { endpoint } = client.access;
    const id = idOf(endpoint, revision, null);
    mkdirSync(folders.downloads, { recursive: true });
    const begun = (await this.#begun.list()).find((each) => each.id === id);
    return {
      ...contents,
      id,
      endpoint,
      repository,
      commit: revision.commit,
      gated: revision.gated,
      licence: revision.licence,
      doneBytes: begun?.doneBytes ?? 0,
      freeBytes: await this.#machine.freeBytes(folders.downloads),
      model: existsSync(path.join(folders.models, id)) ? id : null,
    };
  }

  /**
   * Progress in bytes. Failed or cancelled, nothing of it is in the library; what has come is kept and the next download of the same
   * commit goes on from it, unless the engine refuses the model. Throws that refusal, E_GATED, E_PICKLE, E_DISK, E_HASH, E_NETWORK,
   * E_OFFLINE, E_OUTPUT, E_BUSY.
   */
  async download(request: DownloadRequest, progress: Progress, signal: AbortSignal): Promise<ModelSummary> {
    const { library, folders } = this.#parts;
    const output = request.output === undefined ? null : path.resolve(request.output);
    if (output !== null && existsSync(output))
      throw new RankwiseError('E_OUTPUT', `${output} is there already.`, 'Name a folder that is not there yet.');
    const client = await this.#client(request.endpoint);
    const revision = await client.revision(request.repository, request.revision, signal);
    const name = nameOf(revision);
    const id = idOf(client.access.endpoint, revision, output);
    const place = output ?? path.join(folders.models, id);
    if (existsSync(place)) return library.enterDownloaded(place, name);
    await this.#fill(client, revision, { id, place, output }, progress, signal);
    return output === null ? library.enterDownloaded(place, name) : library.add(place, () => undefined, signal);
  }

  /** What was begun under an id. Throws E_HUB for one that is not there. */
  begun(id: string): DownloadNote {
    return this.#begun.find(id).told;
  }

  /** Goes on with a download that was begun. Progress and refusals as of `download`; E_HUB for one that is not there. */
  resume(id: string, progress: Progress, signal: AbortSignal): Promise<ModelSummary> {
    const { repository, commit, endpoint, output } = this.begun(id);
    const request = { repository, revision: commit, endpoint, ...(output === null ? {} : { output }) };
    return this.download(request, progress, signal);
  }

  /** Downloads that were begun, in the order of their ids. */
  unfinished(): Promise<UnfinishedDownload[]> {
    return this.#begun.list();
  }

  /** Removes what has come of a download. Throws E_BUSY while it goes on, E_HUB for one that is not there. */
  discard(id: string): Promise<void> {
    return this.#begun.discard(id);
  }

  // Brings a revision into a folder that is not there yet, by one rename when it is whole.
  async #fill(
    client: HubClient,
    revision: HubRevision,
    { id, place, output }: { id: string; place: string; output: string | null },
    progress: Progress,
    signal: AbortSignal,
  ): Promise<void> {
    const { planner } = this.#parts;
    const { endpoint } = client.access;
    const { repository, commit } = revision;
    const part = this.#begun.partOf(id, commit, output);
    const release = await this.#begun.claim(part);
    try {
      const keep = (totalBytes?: number): void =>
        this.#begun.keep(id, part, { repository, commit, endpoint, output }, totalBytes);
      keep();
      const judge = (folder: string): Promise<void> => refuseForGood(folder, () => planner.proveConfig(folder));
      await downloadRevision(client, revision, part, { judge, onTotal: keep }, this.#machine, progress, signal);
      await refuseForGood(part, () => planner.proveModel(part));
      signal.throwIfAborted();
      this.#begun.forget(id, part);
      if (output === null)
        writePassport(part, { name: nameOf(revision), repository, commit, endpoint, downloadedAt: Date.now() });
      release();
      mkdirSync(path.dirname(place), { recursive: true });
      await syncFolder(part);
      renameSync(part, place);
      await syncFolder(path.dirname(place));
    } catch (error) {
      // What was refused before anything came, or for good, leaves no folder.
      this.#begun.dropIfEmpty(id, part);
      throw error;
    } finally {
      release();
    }
  }

  async #client(endpoint: string | undefined): Promise<HubClient> {
    const access = await this.#parts.connections.access(endpoint);
    return new HubClient({ ...access, fetch: (input, init) => fetch(input, init), alarm: this.#machine.alarm });
  }
}

const nameOf = ({ repository }: HubRevision): string => repository.split('/').at(-1)!;

function idOf(endpoint: string, revision: HubRevision, output: string | null): string {
  const parts = [endpoint, revision.repository, revision.commit, ...(output === null ? [] : [output])];
  return idOfPlace(nameOf(revision), parts.join(' '), 'model');
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

async function syncFolder(folder: string): Promise<void> {
  // Windows opens no folders; its file system keeps renames in order by itself.
  if (process.platform === 'win32') return;
  const handle = await open(folder, 'r');
  await handle.sync().finally(() => handle.close());
}
