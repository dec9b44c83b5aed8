import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type {
  EngineHost,
  EngineInfo,
  Job,
  JobRequest,
  JobResults,
  RunningJob,
  TrainJob,
} from '../../main/engine/host.ts';
import type { EngineEvent, MemoryPlan } from '../../preload/contract/events.ts';
import type { Registry } from '../../preload/contract/methods.ts';
import { RankwiseError } from '../../preload/contract/errors.ts';

export const fakePlan: MemoryPlan = {
  planBytes: 1000,
  byCategory: { weights: 600, activations: 400 },
  byPhase: { forward: 900, backward: 1000 },
  outsideBytes: 50,
  budgetBytes: 2000,
  fits: true,
  suggestions: [],
};

/** An engine that computes nothing: it tells the events of a run whose loss falls by the step. */
export class FakeEngine implements EngineHost {
  readonly jobs: Job[] = [];
  plan = fakePlan;
  /** Step at which a training job fails; −1 = never. */
  failAt = -1;
  failure = new RankwiseError('E_NUMBER', 'The loss is not a number.', 'Lower the rate.');
  /** Whether the engine knows no architecture. */
  refusePlans = false;
  /** Where a run that is resumed goes on. */
  resumeFrom = 0;

  async info(): Promise<EngineInfo> {
    return { engineVersion: 'fake', compiler: 'none', isa: 'none', cores: 1, memoryBytes: 2 ** 30, backends: [] };
  }

  async registry(): Promise<Registry> {
    const parts = {
      storage: 'dense',
      delta: 'none',
      update: 'direct',
      optimizer: 'adamw',
      events: 'none',
      initializer: 'none',
    };
    const rank = {
      name: 'rank',
      type: 'integer' as const,
      default: 8,
      minimum: 1,
      maximum: 64,
      help: 'Width of the term.',
    };
    const row = { title: 'T', summary: 'S', citation: 'C', parts };
    return {
      methods: [
        { ...row, name: 'plain', storages: ['dense'], defaultStorage: 'dense', parameters: [] },
        {
          ...row,
          name: 'ranked',
          storages: ['nf4', 'dense'],
          defaultStorage: 'nf4',
          parameters: [rank, { name: 'kind', type: 'choice', default: 'a', choices: ['a', 'b'], help: 'Which.' }],
        },
      ],
      presets: [
        { name: 'tiny', vocabSize: 300, hiddenSize: 8, intermediateSize: 16, layers: 1, heads: 1, maxPositions: 64 },
      ],
    };
  }

  start<J extends Job>(job: J, onEvent: (event: EngineEvent) => void = () => undefined): RunningJob<J> {
    this.jobs.push(job);
    const asked = new Set<JobRequest | 'cancel'>();
    const work = async (): Promise<unknown> => {
      if (job.kind === 'plan' && this.refusePlans) throw new RankwiseError('E_UNSUPPORTED', 'Not that architecture.');
      if (job.kind === 'plan') return this.plan;
      if (job.kind === 'train') return this.#train(job, onEvent, asked);
      throw new Error(`the fake engine does no ${job.kind}`);
    };
    return {
      result: work() as Promise<JobResults[J['kind']]>,
      cancel: () => asked.add('cancel'),
      ask: (what) => asked.add(what),
    };
  }

  async #train(
    job: TrainJob,
    onEvent: (event: EngineEvent) => void,
    asked: Set<JobRequest | 'cancel'>,
  ): Promise<unknown> {
    const { steps } = job.run.training;
    const checkpoint = (step: number): void =>
      onEvent({
        type: 'checkpoint',
        step,
        path: path.join(job.outputDir, 'checkpoints', `step-${String(step).padStart(8, '0')}`),
        hash: 'h',
      });
    let done = job.resume ? this.resumeFrom : 0;
    onEvent({ type: 'start', run: job.run.name, config: job.run, plan: fakePlan, step: done });
    // Loading takes a moment, in which something may be asked already.
    await new Promise(setImmediate);
    while (done < steps && !asked.has('stop')) {
      const step = done;
      await new Promise(setImmediate);
      if (step === this.failAt) throw this.failure;
      if (asked.has('cancel')) return { stopped: true, steps: step };
      onEvent({
        type: 'step',
        step,
        loss: 5 / (step + 1),
        learningRate: 1e-3,
        gradientNorm: 1,
        tokens: 100,
        tokensPerSecond: 1000,
        seconds: step / 10,
      });
      for (const { prompt, ids } of job.samples) onEvent({ type: 'sample', step, prompt, text: '', ids });
      if (step === 2) checkpoint(2);
      done++;
      if (asked.delete('checkpoint')) checkpoint(done);
    }
    mkdirSync(path.join(job.outputDir, 'model'), { recursive: true });
    writeFileSync(path.join(job.outputDir, 'model', 'config.json'), '{"vocab_size":300}');
    const result = {
      type: 'done' as const,
      steps: done,
      finalLoss: 5 / done,
      peakBytes: 1000,
      planBytes: 1000,
      outsideBytes: 50,
      parameterHash: 'p',
      seconds: 1,
      output: job.outputDir,
      ...(done < steps ? { stoppedEarly: true } : {}),
    };
    onEvent(result);
    return result;
  }
}
