import { spawn } from 'node:child_process';
import { RankwiseError } from '../../preload/contract/errors.ts';
import type { ModelPreset } from '../../preload/contract/methods.ts';
import { suggestion } from '../../preload/contract/nearest.ts';
import type { EngineHost } from '../engine/host.ts';

/** A training step of a preset on random tokens. */
export interface StepBenchmark {
  preset: string;
  method: string;
  precision: string;
  rank: number;
  batch: number;
  sequenceLength: number;
  steps: number;
  threads: number;
}

export interface StepFigures {
  secondsPerStep: number;
  tokensPerSecond: number;
  peakResidentBytes: number;
  [figure: string]: unknown;
}

export interface StepComparison extends StepFigures {
  against: StepFigures;
  /** Ours by the other's. */
  ratio: { tokensPerSecond: number; peakResidentBytes: number };
}

/** Measures the engine, alone or beside PyTorch. */
export class BenchmarkService {
  readonly #engine: EngineHost;
  readonly #torchScript: string;

  /** @param torchScript the program that measures the same step in PyTorch */
  constructor(engine: EngineHost, torchScript: string) {
    this.#engine = engine;
    this.#torchScript = torchScript;
  }

  /** One of the engine's own benchmarks. */
  part(what: string, settings: object): Promise<Record<string, unknown>> {
    return this.#engine.start({ kind: 'bench', what, ...settings }).result;
  }

  /**
   * The same step by the engine and by PyTorch, `rounds` times in turn, since machines drift; the median round of each counts.
   * Throws E_TORCH where PyTorch is missing or does not know the method.
   */
  async stepAgainstTorch(settings: StepBenchmark & { storage?: string }, rounds = 3): Promise<StepComparison> {
    const { presets } = await this.#engine.registry();
    const preset = presets.find((each) => each.name === settings.preset);
    if (!preset)
      throw new RankwiseError(
        'E_PRESET',
        `There is no model preset “${settings.preset}”.`,
        suggestion(
          settings.preset,
          presets.map((each) => each.name),
        ),
      );
    const ours: StepFigures[] = [];
    const theirs: StepFigures[] = [];
    for (let round = 0; round < rounds; round++) {
      ours.push((await this.part('step', settings)) as StepFigures);
      theirs.push(await this.#torch({ ...settings, preset }));
    }
    const [own, against] = [medianOf(ours), medianOf(theirs)];
    const ratio = {
      tokensPerSecond: own.tokensPerSecond / against.tokensPerSecond,
      peakResidentBytes: own.peakResidentBytes / against.peakResidentBytes,
    };
    return { ...own, against, ratio };
  }

  #torch(job: Omit<StepBenchmark, 'preset'> & { preset: ModelPreset }): Promise<StepFigures> {
    return new Promise((resolve, reject) => {
      const child = spawn('python3', [this.#torchScript], { stdio: ['pipe', 'pipe', 'pipe'] });
      let [stdout, stderr] = ['', ''];
      child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
      child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
      const fail = (why: string): void =>
        reject(
          new RankwiseError(
            'E_TORCH',
            `PyTorch could not be measured: ${why}.`,
            'Needs python3 with torch, transformers and, for lora, peft.',
          ),
        );
      child.on('error', (error) => fail(error.message));
      child.on('close', (status) => {
        if (status !== 0) return fail(stderr.trim().split('\n').at(-1) ?? `status ${status}`);
        resolve(JSON.parse(stdout) as StepFigures);
      });
      child.stdin.end(JSON.stringify(job));
    });
  }
}

function medianOf(rounds: StepFigures[]): StepFigures {
  return rounds.toSorted((a, b) => a.secondsPerStep - b.secondsPerStep)[Math.floor(rounds.length / 2)]!;
}
