import { rmSync } from 'node:fs';
import path from 'node:path';
import { RankwiseError } from '../../preload/contract/errors.ts';
import type { BakeReceipt, BakeRecipe, ModelCard, ModelSummary } from '../../preload/contract/models.ts';
import { readPassport, writePassport } from '../formats/passport.ts';
import type { AdapterRepository } from '../store/adapters.ts';
import type { MergeRepository } from '../store/merges.ts';
import type { ModelRecord } from '../store/models.ts';
import type { FileService } from './files.ts';
import type { FoldersInUse } from './folders-in-use.ts';
import { idOfPlace } from './ids.ts';
import type { KnownPlaces, ModelPlace } from './known-places.ts';
import type { MethodService } from './methods.ts';
import { readModelFacts } from './model-facts.ts';
import { hashModel } from './model-hash.ts';
import type { ModelPlanner } from './model-planner.ts';
import type { ModelShelf } from './model-shelf.ts';
import { toldByFiles } from './model-card.ts';
import { presetCard, presetSummary, shapeOf, summaryOf } from './model-summary.ts';
import { PRESET } from './models.ts';
import type { NoticeHub } from './notices.ts';
import type { Entry } from './shelf.ts';
import type { Progress, TaskService } from './tasks.ts';

/** Weights up to so many bytes are hashed in less than a second. */
const HASHED_AT_ONCE = 64 * 2 ** 20;

export interface ModelLibraryParts {
  shelf: ModelShelf;
  adapters: AdapterRepository;
  merges: MergeRepository;
  known: KnownPlaces<ModelPlace>;
  planner: ModelPlanner;
  methods: MethodService;
  files: FileService;
  notices: NoticeHub;
  tasks: TaskService;
  inUse: FoldersInUse;
  /** Where models that merges made lie, one folder each. */
  folder: string;
  /** Names a run that still needs a model folder; undefined where none does. */
  neededBy: (folder: string) => string | undefined;
}

/** The models that can be trained and used: folders of the user, what runs and merges made, architectures without weights. */
export class ModelLibrary {
  readonly #parts: ModelLibraryParts;

  constructor(parts: ModelLibraryParts) {
    this.#parts = parts;
  }

  /** In the order of their names, architectures last and in the order of the registry. */
  async list(): Promise<ModelSummary[]> {
    const { presets } = await this.#parts.methods.registry();
    return [...this.#parts.shelf.all().map((entry) => this.#summary(entry)), ...presets.map(presetSummary)];
  }

  /**
   * Throws E_MODEL for what is not in the library. Where nobody has asked for a model's hash yet, its weights are read for it: at once
   * where they are small, else as a task, and `changed` is told when it is known.
   */
  async card(id: string): Promise<ModelCard> {
    const { shelf, adapters, merges } = this.#parts;
    const { presets } = await this.#parts.methods.registry();
    const preset = presets.find(({ name }) => id === `${PRESET}${name}`);
    if (preset) return presetCard(preset);
    const entry = shelf.get(id);
    const { record, problem } = entry;
    const hash = problem || record.hash !== null ? record.hash : await this.#hash(record);
    const merge = merges.of(id);
    return {
      ...this.#summary(entry),
      ...shapeOf(record.facts),
      hash,
      ...toldByFiles(record.path),
      adapters: adapters
        .list()
        .filter((adapter) => (adapter.baseHash ? adapter.baseHash === hash : adapter.basePath === record.path))
        .map((adapter) => adapter.id),
      baked: merge ? { recipe: merge.recipe, receipt: merge.receipt } : null,
    };
  }

  /**
   * Takes in a folder of the user's, which stays where it is. Its files are checked, the engine proves that it can be trained, and
   * its content is hashed (progress in bytes). A folder that is there already is renewed. Throws what it is refused for.
   */
  async add(folder: string, progress: Progress, signal: AbortSignal): Promise<ModelSummary> {
    const place = path.resolve(folder);
    const before = this.#parts.shelf.all().find(({ record }) => record.path === place);
    if (before && before.record.origin !== 'folder') return this.#summary(before);
    readModelFacts(place);
    await this.#parts.planner.proveModel(place);
    const hash = await hashModel(place, progress, signal);
    const name = before?.record.name ?? path.basename(place);
    const record = this.#enterFolder(place, name, before?.record.addedAt ?? Date.now(), hash);
    this.#parts.known.put({ path: place, name });
    this.#changed();
    return this.#summary({ record, problem: null });
  }

  /** What a merge has written into a folder of the library. */
  enterBaked(
    id: string,
    merge: { name: string; madeAt: number; recipe: BakeRecipe; receipt: BakeReceipt },
  ): ModelSummary {
    const { name, madeAt, recipe, receipt } = merge;
    const place = path.join(this.#parts.folder, id);
    const record = this.#parts.shelf.enter({
      id,
      name,
      origin: 'baked',
      path: place,
      run: null,
      hash: null,
      addedAt: madeAt,
    });
    this.#parts.merges.put({ model: id, recipe, receipt, madeAt });
    this.#changed();
    return this.#summary({ record, problem: null });
  }

  /** What a download has written whole into a folder of the library, its passport with it. */
  enterDownloaded(place: string, name: string): ModelSummary {
    const before = this.#parts.shelf.all().find(({ record }) => record.path === place);
    const record =
      before?.record ??
      this.#parts.shelf.enter({
        id: path.basename(place),
        name,
        origin: 'hub',
        path: place,
        run: null,
        hash: null,
        addedAt: Date.now(),
      });
    this.#changed();
    return this.#summary({ record, problem: before?.problem ?? null });
  }

  rename(id: string, name: string): ModelSummary {
    const { record, problem } = this.#own(id);
    const renamed = this.#parts.shelf.rename(record, name);
    if (record.origin === 'folder') this.#parts.known.put({ path: record.path, name: renamed.name });
    if (isOurs(record)) writePassport(record.path, { ...readPassport(record.path), name: renamed.name });
    this.#changed();
    return this.#summary({ record: renamed, problem });
  }

  /** Throws E_OWNED for what belongs to a run or to the program, E_BUSY where files are to go that a run still needs or that are in use. */
  remove(id: string, files: boolean): void {
    const { record } = this.#own(id);
    if (files && isOurs(record)) {
      const run = this.#parts.neededBy(record.path);
      if (run !== undefined)
        throw new RankwiseError(
          'E_BUSY',
          `The run “${run}” still needs this model.`,
          'Finish or remove that run first.',
        );
      this.#parts.inUse.requireFree(record.path, record.name);
    }
    this.#parts.shelf.remove(record);
    if (files && isOurs(record)) rmSync(record.path, { recursive: true, force: true });
    this.#parts.known.remove(record.path);
    this.#changed();
  }

  /** A folder of the user's that was in the library before. Throws what it is refused for. */
  async takeBack(folder: string, name: string): Promise<void> {
    readModelFacts(folder);
    await this.#parts.planner.proveModel(folder);
    this.#enterFolder(folder, name, Date.now(), null);
  }

  async #hash(record: ModelRecord): Promise<string | null> {
    const { shelf, tasks } = this.#parts;
    if (record.facts.bytes <= HASHED_AT_ONCE) return shelf.hashOf(record);
    const task = `hash ${record.id}`;
    if (tasks.list().some(({ id }) => id === task)) return null;
    tasks
      .run(task, `Hashing ${record.name}`, 'bytes', (progress, signal) => shelf.hashOf(record, progress, signal))
      .then(
        () => this.#changed(),
        // Told as a task; the card stands without it.
        () => undefined,
      );
    return null;
  }

  #enterFolder(place: string, name: string, addedAt: number, hash: string | null): ModelRecord {
    const id = idOfPlace(path.basename(place), place, 'model');
    return this.#parts.shelf.enter({ id, name, origin: 'folder', path: place, run: null, addedAt, hash });
  }

  #own(id: string): Entry<ModelRecord> {
    if (id.startsWith(PRESET)) throw new RankwiseError('E_OWNED', 'The architectures belong to the program.');
    return this.#parts.shelf.get(id);
  }

  #summary(entry: Entry<ModelRecord>): ModelSummary {
    return summaryOf(entry, (place) => this.#parts.files.readable(place));
  }

  #changed(): void {
    this.#parts.notices.publish({ topic: 'changed', noun: 'models' });
  }
}

/** Whether its folder was filled by the program, so that it may remove it. */
const isOurs = ({ origin }: ModelRecord): boolean => origin === 'baked' || origin === 'hub';
