import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { RankwiseError } from '../../preload/contract/errors.ts';
import type { ProjectService } from './projects.ts';
import type { RecordService } from './records.ts';
import type { RunLauncher } from './run-launcher.ts';
import type { RunManager } from './run-manager.ts';
import { SAMPLE_METHODS, SAMPLE_MODEL, SAMPLE_STEPS, sampleRunFile } from './sample-runs.ts';
import { unpackNovel } from './sample-texts.ts';

const PROJECT = 'Sample: Moby-Dick';
/** Also what the model is called. */
const MODEL = 'sample-llama';
const EVALUATIONS = 6;
const PROMPTS = ['The great whale', 'Call me'];

export interface SampleParts {
  projects: ProjectService;
  records: RecordService;
  launcher: RunLauncher;
  manager: RunManager;
  /** Folder of the packed texts. */
  bundled: string;
  /** Where text and model are put. */
  folder: string;
}

/** The bundled sample: two methods train the same small model on the same text, so that there is something to compare. */
export class SampleService {
  readonly #projects: ProjectService;
  readonly #records: RecordService;
  readonly #launcher: RunLauncher;
  readonly #manager: RunManager;
  readonly #bundled: string;
  readonly #folder: string;

  constructor({ projects, records, launcher, manager, bundled, folder }: SampleParts) {
    this.#projects = projects;
    this.#records = records;
    this.#launcher = launcher;
    this.#manager = manager;
    this.#bundled = bundled;
    this.#folder = folder;
  }

  /** Queues both, before all others that wait. Throws E_BUSY while they are still under way. */
  async start(): Promise<{ project: string; runs: string[] }> {
    const project = await this.#projects.named(PROJECT);
    const underWay = this.#records.list(project.id).some(({ state }) => state === 'running' || state === 'queued');
    if (underWay) throw new RankwiseError('E_BUSY', 'The sample is being trained already.', `Look into “${PROJECT}”.`);
    const novel = unpackNovel(this.#bundled, this.#folder);
    const model = path.join(this.#folder, MODEL);
    mkdirSync(model, { recursive: true });
    writeFileSync(path.join(model, 'config.json'), JSON.stringify(SAMPLE_MODEL, null, 2));
    // The first one begins at once where nothing trains; where something does, the last that goes before all others is the first.
    const { loqt, lora } = SAMPLE_METHODS;
    const drafts = (this.#manager.training === null ? [loqt, lora] : [lora, loqt]).map((sample) => {
      const file = sampleRunFile(sample, model, novel, SAMPLE_STEPS);
      const evalEvery = SAMPLE_STEPS / EVALUATIONS;
      const training = { ...file.training, evalEvery, evalBatches: 8, samples: PROMPTS, sampleTokens: 32 };
      return { ...file, name: sample.label, training };
    });
    return { project: project.id, runs: await this.#launcher.startAll(drafts, project.id, true) };
  }
}
