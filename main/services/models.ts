import path from 'node:path';
import { RankwiseError } from '../../preload/contract/errors.ts';
import { suggestion } from '../../preload/contract/nearest.ts';
import type { Run, RunFile } from '../../preload/contract/run-file.ts';
import type { EngineHost } from '../engine/host.ts';
import { readModelFolder } from '../formats/model-folder.ts';
import type { ModelRepository } from '../store/models.ts';
import type { RunRepository } from '../store/runs.ts';

/** How the library names a model without weights. */
export const PRESET = 'preset:';

/** The model that a run starts from. */
export interface ResolvedModel {
  /** As it stands in the record: an absolute path, or a preset. */
  record: RunFile['model'];
  initialize: Run['initialize'];
  vocabSize: number;
  /** A tokenizer.json or a folder with one; null where the model brings none. */
  tokenizer: string | null;
}

/** Finds the model that is meant: a folder, a preset, one of the library, or what a run left. */
export class ModelService {
  readonly #engine: EngineHost;
  readonly #runs: RunRepository;
  readonly #library: ModelRepository;

  constructor(engine: EngineHost, runs: RunRepository, library: ModelRepository) {
    this.#engine = engine;
    this.#runs = runs;
    this.#library = library;
  }

  /** Follows the model of a run file. @param absolute makes paths of the run file absolute */
  async resolve(
    model: RunFile['model'],
    initialize: RunFile['initialize'],
    absolute: (file: string) => string,
  ): Promise<ResolvedModel> {
    const tokenizer = model.tokenizer === undefined ? null : absolute(model.tokenizer);
    const preset = model.preset ?? (model.id?.startsWith(PRESET) ? model.id.slice(PRESET.length) : undefined);
    if (preset !== undefined) return this.#fromPreset(model, preset, initialize, tokenizer);
    const folder = readModelFolder(model.id === undefined ? absolute(model.path!) : this.folderOf(model.id));
    const start = initialize ?? 'pretrained';
    if (start === 'pretrained' && !folder.hasWeights) {
      throw new RankwiseError(
        'E_MODEL',
        `${folder.path} has no *.safetensors weights.`,
        'To start from random weights, set "initialize": "random".',
      );
    }
    return {
      record: { path: folder.path, ...(tokenizer ? { tokenizer } : {}) },
      initialize: start,
      vocabSize: folder.vocabSize,
      tokenizer: tokenizer ?? folder.tokenizer,
    };
  }

  /**
   * Where a model of the library lies.
   * @param id of the library, or a run's id or its beginning. Throws E_MODEL where nothing fits.
   */
  folderOf(id: string): string {
    const model = this.#library.get(id);
    if (model) return model.path;
    const run = this.#runs.startingWith(id)[0];
    if (run) return path.join(run.output, 'model');
    throw new RankwiseError(
      'E_MODEL',
      `The library has no model “${id}”.`,
      'Name a folder with "path", or see: rankwise runs list',
    );
  }

  async #fromPreset(
    model: RunFile['model'],
    name: string,
    initialize: RunFile['initialize'],
    tokenizer: string | null,
  ): Promise<ResolvedModel> {
    if (initialize === 'pretrained') {
      throw new RankwiseError(
        'E_MODEL',
        `The preset ${name} has no pretrained weights.`,
        'Leave out "initialize", or name a model folder with "path".',
      );
    }
    const { presets } = await this.#engine.registry();
    const preset = presets.find((each) => each.name === name);
    if (!preset) {
      throw new RankwiseError(
        'E_PRESET',
        `There is no model preset “${name}”.`,
        suggestion(
          name,
          presets.map((each) => each.name),
        ),
      );
    }
    const vocabSize = model.vocabSize ?? preset.vocabSize;
    return {
      record: { preset: name, vocabSize, ...(tokenizer ? { tokenizer } : {}) },
      initialize: 'random',
      vocabSize,
      tokenizer,
    };
  }
}
