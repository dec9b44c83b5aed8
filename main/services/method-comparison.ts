import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { RankwiseError } from '../../preload/contract/errors.ts';
import { parseRunFile } from '../../preload/contract/run-file.ts';
import type { RunService } from './runs.ts';

/** A stored sweep: one small model and text, several methods, the learning rates tried and the best of each. */
interface Sweep {
  vocabulary: number;
  model: object;
  run: { data: object; schedule: object; training: object };
  methods: Record<string, { method: object; storage?: object; rates: number[]; best: number }>;
}

export interface MethodFigures {
  label: string;
  learningRate: number;
  /** Final loss on the held-out part, by seed. */
  losses: number[];
  /** exp of the mean loss. */
  perplexity: number;
  planBytes: number;
}

export interface MethodComparison {
  /** Every rate that was tried under the first seed, where the sweep was measured again. */
  sweep: { label: string; learningRate: number; loss: number }[];
  methods: MethodFigures[];
}

export interface ComparisonSettings {
  /** Only these of the sweep's methods; all where empty. */
  only: string[];
  seeds: number;
  /** Try all rates again and take the best, instead of the stored best. */
  sweep: boolean;
}

/** Trains the methods of a stored sweep on one text at equal steps, each at its own best rate, and compares what they reach. */
export class MethodComparisonService {
  readonly #runs: RunService;
  readonly #folder: string;
  readonly #text: string;
  readonly #sweep: Sweep;

  /**
   * @param sweepFile the stored sweep
   * @param text the text to train on
   * @param folder where runs may lie while they are measured
   */
  constructor(runs: RunService, sweepFile: string, text: string, folder: string) {
    this.#runs = runs;
    this.#folder = folder;
    this.#text = text;
    this.#sweep = JSON.parse(readFileSync(sweepFile, 'utf8')) as Sweep;
    mkdirSync(this.#blank, { recursive: true });
    writeFileSync(path.join(this.#blank, 'config.json'), JSON.stringify(this.#sweep.model));
  }

  async compare(settings: ComparisonSettings, onProgress: (line: string) => void): Promise<MethodComparison> {
    const labels = settings.only.length > 0 ? settings.only : Object.keys(this.#sweep.methods);
    const comparison: MethodComparison = { sweep: [], methods: [] };
    for (const label of labels) {
      const entry = this.#sweep.methods[label];
      if (!entry)
        throw new RankwiseError(
          'E_METHOD',
          `The sweep has no method “${label}”.`,
          `It has ${Object.keys(this.#sweep.methods).join(', ')}.`,
        );
      const figures: MethodFigures = { label, learningRate: entry.best, losses: [], perplexity: 0, planBytes: 0 };
      if (settings.sweep) {
        const tried = [];
        for (const learningRate of entry.rates) {
          const { loss } = await this.#train(label, learningRate, 0);
          tried.push({ label, learningRate, loss });
          onProgress(`${label} at ${learningRate}: ${loss.toFixed(4)}`);
        }
        comparison.sweep.push(...tried);
        figures.learningRate = tried.toSorted((a, b) => a.loss - b.loss)[0]!.learningRate;
      }
      for (let seed = 0; seed < settings.seeds; seed++) {
        const { loss, planBytes } = await this.#train(label, figures.learningRate, seed);
        figures.losses.push(loss);
        figures.planBytes = planBytes;
        onProgress(`${label} at ${figures.learningRate}, seed ${seed}: ${loss.toFixed(4)}`);
      }
      figures.perplexity = Math.exp(figures.losses.reduce((sum, loss) => sum + loss, 0) / figures.losses.length);
      comparison.methods.push(figures);
    }
    return comparison;
  }

  get #blank(): string {
    return path.join(this.#folder, 'blank');
  }

  async #train(label: string, learningRate: number, seed: number): Promise<{ loss: number; planBytes: number }> {
    const { method, storage } = this.#sweep.methods[label]!;
    const { data, schedule, training } = this.#sweep.run;
    const output = path.join(this.#folder, 'run');
    const file = parseRunFile({
      name: `${label}-${seed}`,
      model: { path: this.#blank },
      initialize: 'random',
      data: { ...data, train: this.#text },
      method,
      ...(storage ? { storage } : {}),
      optimizer: { learningRate },
      schedule,
      training: { ...training, seed },
      output,
    });
    const origin = { base: this.#folder, folder: this.#folder, name: file.name ?? label };
    const { result, stopped } = await this.#runs.train(file, origin);
    rmSync(output, { recursive: true, force: true });
    if (stopped || result.evalLoss === undefined)
      throw new RankwiseError('E_STOPPED', 'A run of the comparison did not end.', 'Start the benchmark again.');
    return { loss: result.evalLoss, planBytes: result.planBytes ?? 0 };
  }
}
