import type { Mapping, Preview, Rendering, Xray } from '../../preload/contract/datasets.ts';
import { RankwiseError } from '../../preload/contract/errors.ts';
import { checkMapping } from '../data/roles.ts';
import { missingTokenizer } from '../formats/missing-tokenizer.ts';
import type { DatasetRecord } from '../store/datasets.ts';
import type { DataWorkers } from './data-workers.ts';
import type { DatasetLibrary } from './dataset-library.ts';
import type { View, ViewedRows } from './dataset-view.ts';
import type { ModelService } from './models.ts';
import type { TaskService } from './tasks.ts';

interface Parts {
  library: DatasetLibrary;
  models: ModelService;
  tasks: TaskService;
  workers: DataWorkers;
}

/** Datasets as a model would get them: rows as tokens, and what all of them come to. */
export class DatasetViews {
  readonly #parts: Parts;

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  /** @param offset of the first row among those that can be read, from 0. Throws E_MAPPING, E_TEMPLATE, E_TOKENIZER, E_DATA. */
  async preview(id: string, rendering: Rendering, offset: number, count: number): Promise<Preview> {
    const dataset = this.#parts.library.record(id);
    const view = await this.#view(dataset, rendering);
    const { sequenceLength } = rendering;
    return this.#parts.workers.do('preview', { ...view, sequenceLength, offset, count, total: dataset.version.rows });
  }

  /** Looks at every row. @param evaluation id of the data that the rows must not be in */
  async xray(id: string, rendering: Rendering, evaluation: string | null, task: string): Promise<Xray> {
    const { library, tasks, workers } = this.#parts;
    const dataset = library.record(id);
    const other = evaluation === null ? null : rowsOf(library.record(evaluation));
    const view = await this.#view(dataset, rendering);
    return tasks.run(task, `Looking through ${dataset.name}`, 'bytes', (progress, signal) =>
      workers.do(
        'xray',
        { ...view, evaluation: other },
        { signal, onProgress: ({ done, total }) => progress(done, total) },
      ),
    );
  }

  async #view(dataset: DatasetRecord, { mapping, template, trainOn, model }: Rendering): Promise<View> {
    return {
      rows: rowsOf(dataset, mapping),
      template: template ?? dataset.template,
      trainOn: trainOn ?? dataset.trainOn,
      tokenizer: await this.#tokenizerOf(model),
    };
  }

  async #tokenizerOf(model: string | null): Promise<string | null> {
    const resolved = model === null ? null : await this.#parts.models.resolve({ id: model }, undefined, (file) => file);
    if (resolved && resolved.tokenizer === null && resolved.initialize === 'pretrained') {
      throw missingTokenizer(resolved.record.path, 'Choose another model.');
    }
    return resolved?.tokenizer ?? null;
  }
}

/** Throws E_DATA, E_MAPPING. */
function rowsOf({ name, path, mapping: own, version }: DatasetRecord, given?: Mapping): ViewedRows {
  if (version.format === 'tokens') {
    throw new RankwiseError(
      'E_DATA',
      `${name} holds tokens, which have no rows.`,
      'They are fed to the model as they are.',
    );
  }
  const mapping = given ?? own;
  checkMapping(mapping, version.columns);
  return { path, format: version.format, mapping };
}
