import { existsSync } from 'node:fs';
import path from 'node:path';
import type { DatasetDetails, DatasetSummary, Mapping } from '../../preload/contract/datasets.ts';
import { RankwiseError, reportOf } from '../../preload/contract/errors.ts';
import { ChatTemplate } from '../data/chat-template.ts';
import { checkMapping, kindOf } from '../data/roles.ts';
import { openSource } from '../data/source.ts';
import type { DatasetRecord, DatasetRepository, DatasetVersion } from '../store/datasets.ts';
import { stampOf } from './dataset-survey.ts';
import type { DataWorkers } from './data-workers.ts';
import type { FileService } from './files.ts';
import { idOfPlace } from './ids.ts';
import type { DatasetPlace, KnownPlaces } from './known-places.ts';
import type { NoticeHub } from './notices.ts';
import type { KnownDataset } from './run-data.ts';
import type { TaskService } from './tasks.ts';

/** Sources up to this size are looked through at once where a mapping changes; larger ones as a task of their own. */
const MOST_AT_ONCE = 16 * 2 ** 20;
const MOST_LISTED = 100;

export interface DatasetChange {
  name?: string;
  mapping?: Mapping;
  template?: string;
  trainOn?: 'completions' | 'all';
}

interface Parts {
  datasets: DatasetRepository;
  known: KnownPlaces<DatasetPlace>;
  files: FileService;
  tasks: TaskService;
  notices: NoticeHub;
  workers: DataWorkers;
}

/** The datasets that the user has brought in. Files stay where they are; what is kept is what is known of them. */
export class DatasetLibrary {
  readonly #parts: Parts;

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  list(): DatasetSummary[] {
    const runs = this.#parts.datasets.runsByPath();
    return this.#parts.datasets.list().map((dataset) => this.#summary(dataset, runs));
  }

  get(id: string): DatasetDetails {
    return this.#details(this.record(id));
  }

  /** Takes in a file or folder. One that is in the library already is refreshed. Throws E_DATA (also where no row can be read), E_FORMAT, E_TOKENS, E_CANCELLED. */
  async import(place: string, task: string): Promise<DatasetDetails> {
    const known = this.#parts.datasets.atPath(place);
    return this.#takeIn(place, known, task, `Importing ${path.basename(place)}`);
  }

  async refresh(id: string, task: string): Promise<DatasetDetails> {
    const dataset = this.record(id);
    return this.#takeIn(dataset.path, dataset, task, `Refreshing ${dataset.name}`);
  }

  /** Throws E_MAPPING and E_TEMPLATE for what cannot be. */
  async update(id: string, change: DatasetChange): Promise<DatasetDetails> {
    const dataset = this.record(id);
    if (change.mapping !== undefined) checkMapping(change.mapping, dataset.version.columns);
    const { template } = change;
    if (template !== undefined && template !== 'auto' && template !== 'none')
      new ChatTemplate(template, 'the template', {});
    const given = Object.fromEntries(Object.entries(change).filter(([, value]) => value !== undefined));
    const changed: DatasetRecord = { ...dataset, ...given };
    this.#put(changed);
    if (change.mapping !== undefined) await this.#check(changed);
    return this.get(id);
  }

  remove(id: string): void {
    const { path: place } = this.record(id);
    this.#parts.known.remove(place);
    this.#parts.datasets.remove(id);
    this.#parts.notices.publish({ topic: 'changed', noun: 'datasets' });
  }

  /** Throws E_DATASET where there is none of that id. */
  record(id: string): DatasetRecord {
    const dataset = this.#parts.datasets.get(id);
    if (dataset) return dataset;
    throw new RankwiseError(
      'E_DATASET',
      `The library has no dataset “${id}”.`,
      'It may have been removed: import it again.',
    );
  }

  /** What a run needs to know of a dataset; undefined for what is no id of one. */
  find(id: string): KnownDataset | undefined {
    const dataset = this.#parts.datasets.get(id);
    if (!dataset) return undefined;
    const { path: place, mapping, template, trainOn } = dataset;
    return { path: place, mapping: kindOf(mapping) === 'unclear' ? null : mapping, template, trainOn };
  }

  /** Takes in again what the user had brought in and what the runs were trained on, as far as it is still there and not in a cache. */
  async rediscover(cache: string): Promise<{ found: number; problems: string[] }> {
    const { datasets, known } = this.#parts;
    const remembered = new Map(known.list().map((each) => [each.path, each]));
    let found = 0;
    const problems: string[] = [];
    for (const place of new Set([...remembered.keys(), ...[...datasets.runsByPath().keys()].sort()])) {
      if (datasets.atPath(place) || stampOf(place) === null || place.startsWith(cache + path.sep)) continue;
      try {
        const title = `Importing ${path.basename(place)}`;
        await this.#takeIn(place, undefined, `rediscover ${place}`, title, remembered.get(place));
        found += 1;
      } catch (error) {
        problems.push(reportOf(error).message);
      }
    }
    return { found, problems };
  }

  // `said`: what the user had said of a dataset whose record is lost.
  async #takeIn(
    place: string,
    known: DatasetRecord | undefined,
    task: string,
    title: string,
    said: Partial<DatasetPlace> | undefined = known,
  ): Promise<DatasetDetails> {
    const { tasks, workers } = this.#parts;
    const id = known?.id ?? idOfPlace(path.basename(place), place, 'data');
    return tasks.run(task, title, 'bytes', async (progress, signal) => {
      const stamp = stampOf(place) ?? '';
      const keep = said?.mapping && kindOf(said.mapping) !== 'unclear' ? said.mapping : null;
      const { found, unusable, mapping } = await workers.do(
        'survey',
        { path: place, mapping: keep },
        { signal, onProgress: ({ done, total }) => progress(done, total) },
      );
      if (!known) requireRows(place, found);
      const now = Date.now();
      const same = known?.version.hash === found.hash;
      this.#put({
        id,
        name: said?.name ?? path.parse(place).name,
        path: place,
        stamp,
        mapping,
        template: said?.template ?? 'auto',
        trainOn: said?.trainOn ?? 'completions',
        unusable,
        addedAt: known?.addedAt ?? now,
        version: {
          ...found,
          version: known ? known.version.version + (same ? 0 : 1) : 1,
          importedAt: same ? known.version.importedAt : now,
        },
      });
      return this.get(id);
    });
  }

  async #check(dataset: DatasetRecord): Promise<void> {
    if (dataset.version.format === 'tokens' || stampOf(dataset.path) === null) return;
    const source = openSource(dataset.path, dataset.version.format);
    const keep = (unusable: DatasetRecord['unusable']): void => {
      const now = this.#parts.datasets.get(dataset.id);
      // The mapping may have been changed again meanwhile: then another look is on its way.
      if (now && JSON.stringify(now.mapping) === JSON.stringify(dataset.mapping)) this.#put({ ...now, unusable });
    };
    const { workers } = this.#parts;
    const work = { path: dataset.path, mapping: dataset.mapping };
    if (source.bytes <= MOST_AT_ONCE) return keep(await workers.do('check', work));
    const task = `check ${dataset.id} ${JSON.stringify(dataset.mapping)}`;
    this.#parts.tasks
      .run(task, `Checking the rows of ${dataset.name}`, 'bytes', async (progress, signal) => {
        keep(await workers.do('check', work, { signal, onProgress: ({ done, total }) => progress(done, total) }));
      })
      // Told as a task; the dataset is as it was.
      .catch(() => undefined);
  }

  #put(dataset: DatasetRecord): void {
    const { path: place, name, mapping, template, trainOn } = dataset;
    this.#parts.datasets.put(dataset);
    this.#parts.known.put({ path: place, name, mapping, template, trainOn });
    this.#parts.notices.publish({ topic: 'changed', noun: 'datasets' });
  }

  #summary(dataset: DatasetRecord, runs: Map<string, number>): DatasetSummary {
    const { version } = dataset;
    const stamp = stampOf(dataset.path);
    return {
      id: dataset.id,
      name: dataset.name,
      source: this.#parts.files.readable(dataset.path),
      format: version.format,
      kind: version.format === 'tokens' ? 'tokens' : kindOf(dataset.mapping),
      rows: version.rows,
      bytes: version.bytes,
      hash: version.hash,
      version: version.version,
      importedAt: version.importedAt,
      problems: version.unreadable.count + dataset.unusable.count,
      runs: runs.get(dataset.path) ?? 0,
      missing: stamp === null && !existsSync(dataset.path),
      changed: stamp !== dataset.stamp && existsSync(dataset.path),
    };
  }

  #details(dataset: DatasetRecord): DatasetDetails {
    const { version } = dataset;
    return {
      ...this.#summary(dataset, this.#parts.datasets.runsByPath()),
      columns: version.columns,
      mapping: dataset.mapping,
      guess: version.guess,
      template: dataset.template,
      trainOn: dataset.trainOn,
      problemList: [...version.unreadable.first, ...dataset.unusable.first].slice(0, MOST_LISTED),
      versions: this.#parts.datasets
        .versions(dataset.id)
        .map(({ version: number, hash, rows, importedAt }) => ({ version: number, hash, rows, importedAt })),
    };
  }
}

/** A file of which nothing can be read is no dataset, but a file in another format or encoding than it says. Throws E_DATA. */
function requireRows(
  place: string,
  { format, rows, unreadable }: Pick<DatasetVersion, 'format' | 'rows' | 'unreadable'>,
): void {
  if (format === 'tokens' || rows > 0) return;
  const [first] = unreadable.first;
  const name = path.basename(place);
  if (!first) throw new RankwiseError('E_DATA', `${name} has no rows: there is nothing to learn from.`);
  const where = first.line === null ? '' : `, line ${first.line}`;
  throw new RankwiseError(
    'E_DATA',
    `Not one row of ${name} can be read. The first fault${where}: ${first.message}`,
    first.hint,
  );
}
