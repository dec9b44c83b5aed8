import type { DatasetDetails, Mapping, Preview, PreviewRow, Rendering, Xray } from '../../preload/contract/datasets.ts';
import { RankwiseError, reportOf } from '../../preload/contract/errors.ts';
import { bpeTokenizerConfig, trainByteLevelBpe } from '../data/bpe-trainer.ts';
import { chatTemplateOf } from '../data/chat-template.ts';
import { DigestSet } from '../data/digest-set.ts';
import { ExampleReader } from '../data/example.ts';
import { isRow, type Reading } from '../data/readers/row.ts';
import { checkMapping, kindOf } from '../data/roles.ts';
import { readExamples, type RowSource } from '../data/row-source.ts';
import { shownRow } from '../data/shown-tokens.ts';
import { openSource, readSource } from '../data/source.ts';
import { loadTokenizer, Tokenizer } from '../data/tokenizer.ts';
import { saying, XrayReader } from '../data/xray.ts';
import type { DatasetRecord } from '../store/datasets.ts';
import type { DatasetLibrary } from './dataset-library.ts';
import type { ModelService } from './models.ts';
import { encoderOf } from './row-tokens.ts';
import type { TaskService } from './tasks.ts';

interface Parts {
  library: DatasetLibrary;
  models: ModelService;
  tasks: TaskService;
}

/** Datasets as a model would get them: rows as tokens, and what all of them come to. */
export class DatasetViews {
  readonly #parts: Parts;
  #loaded: { place: string | null; tokenizer: Tokenizer } | undefined;

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  /** @param offset of the first row among those that can be read, from 0. Throws E_MAPPING, E_TEMPLATE, E_TOKENIZER, E_DATA. */
  async preview(id: string, rendering: Rendering, offset: number, count: number): Promise<Preview> {
    const dataset = this.#parts.library.record(id);
    const rows = rowsOf(dataset, rendering.mapping);
    const settings = settingsOf(dataset, rendering);
    const tokenizer = await this.#tokenizerOf(rendering.model);
    const encoder = encoderOf(rows, tokenizer, settings);
    const reader = new ExampleReader(rows.mapping);
    const shown: PreviewRow[] = [];
    const notes = notesOf(rows, rendering.sequenceLength);
    let index = 0;
    for await (const findings of readSource(rows.source)) {
      for (const row of findings.filter(isRow)) {
        if (index >= offset && index < offset + count) {
          try {
            const example = reader.read(row);
            if (typeof example === 'string') throw new RankwiseError('E_TEMPLATE', example);
            shown.push(shownRow(index, example, encoder, tokenizer, rendering.sequenceLength));
          } catch (error) {
            if (reportOf(error).code !== 'E_TEMPLATE') throw error;
            notes.push(`Row ${index + 1} cannot be used: ${reportOf(error).message}`);
          }
        }
        index += 1;
      }
      if (index >= offset + count) break;
    }
    const template = rows.kind === 'text' ? null : chatTemplateOf(settings.template, tokenizer.ownTemplate, {});
    return { rows: shown, total: dataset.version.rows, template: template?.label ?? 'none', notes };
  }

  /** Looks at every row. @param evaluation id of the data that the rows must not be in */
  async xray(id: string, rendering: Rendering, evaluation: string | null, task: string): Promise<Xray> {
    const dataset = this.#parts.library.record(id);
    const rows = rowsOf(dataset, rendering.mapping);
    const other = evaluation === null ? null : rowsOf(this.#parts.library.record(evaluation));
    const encoder = encoderOf(rows, await this.#tokenizerOf(rendering.model), settingsOf(dataset, rendering));
    return this.#parts.tasks.run(task, `Looking through ${dataset.name}`, 'bytes', async (progress, signal) => {
      const began = performance.now();
      let bytes = 0;
      progress(0, rows.source.bytes + (other?.source.bytes ?? 0));
      const reading: Reading = { signal, onBytes: (more) => progress((bytes += more)) };
      const evaluated = other && (await sayings(other, reading));
      const xray = new XrayReader(evaluated);
      for await (const { example } of readExamples(rows, reading)) {
        try {
          xray.take(example, encoder.encode(example));
        } catch (error) {
          // A row that the template refuses is a problem of the row: the preview and the run tell it.
          if (reportOf(error).code !== 'E_TEMPLATE') throw error;
        }
      }
      return { ...xray.result(), seconds: (performance.now() - began) / 1000 };
    });
  }

  async #tokenizerOf(model: string | null): Promise<Tokenizer> {
    const resolved = model === null ? null : await this.#parts.models.resolve({ id: model }, undefined, (file) => file);
    if (resolved && resolved.tokenizer === null && resolved.initialize === 'pretrained') {
      throw new RankwiseError(
        'E_TOKENIZER',
        'The model has no tokenizer.json, which text needs.',
        'Choose another model.',
      );
    }
    const place = resolved?.tokenizer ?? null;
    if (this.#loaded?.place !== place || !this.#loaded) {
      this.#loaded = { place, tokenizer: place === null ? bytesTokenizer() : loadTokenizer(place) };
    }
    return this.#loaded.tokenizer;
  }
}

/** What a new model begins with: a token for each byte, and the end of a text. */
function bytesTokenizer(): Tokenizer {
  return new Tokenizer(JSON.stringify(trainByteLevelBpe([], 257)), JSON.stringify(bpeTokenizerConfig));
}

function rowsOf({ name, path, mapping: own, version }: DatasetRecord, given?: Mapping): RowSource {
  if (version.format === 'tokens') {
    throw new RankwiseError(
      'E_DATA',
      `${name} holds tokens, which have no rows.`,
      'They are fed to the model as they are.',
    );
  }
  const mapping = given ?? own;
  checkMapping(mapping, version.columns);
  return { source: openSource(path, version.format), mapping, kind: kindOf(mapping) };
}

function settingsOf(
  dataset: DatasetRecord,
  { template, trainOn }: Rendering,
): Pick<DatasetDetails, 'template' | 'trainOn'> {
  return { template: template ?? dataset.template, trainOn: trainOn ?? dataset.trainOn };
}

function notesOf({ kind }: RowSource, sequenceLength: number): string[] {
  if (kind === 'preference') {
    return ['Pairs of a preferred and a rejected answer: no method trains on them yet. Shown is the preferred one.'];
  }
  if (kind === 'text') return [`Texts that are longer than ${sequenceLength} tokens go on in the next sequence.`];
  return [];
}

async function sayings(rows: RowSource, reading: Reading): Promise<DigestSet> {
  const said = new DigestSet();
  for await (const { example } of readExamples(rows, reading)) said.add(saying(example));
  return said;
}
