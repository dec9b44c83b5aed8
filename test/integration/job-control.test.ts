import { existsSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Job } from '../../main/engine/host.ts';
import { InProcessHost } from '../../main/engine/inprocess.ts';
import { resolvePaths } from '../../main/paths.ts';
import type { ProgressEvent } from '../../preload/contract/events.ts';
import { fixtures, inTemporaryFolder, readTrajectory, start, trainJob } from './oracle_engine.ts';

const host = new InProcessHost(resolvePaths().addon);
const FOLDER = 'lora/all-linear';
const chosen = {
  model: path.join(fixtures, readTrajectory(FOLDER).model),
  adapter: path.join(fixtures, FOLDER, 'adapter'),
  precision: 'f32' as const,
  storage: 'dense',
};
const generation = (maxTokens: number) => ({
  kind: 'generate' as const,
  ...chosen,
  ids: [1, 2, 3],
  maxTokens,
  temperature: 1,
  topP: 1,
  seed: 1,
  eosIds: [],
});

describe('long jobs', () => {
  const tokens = path.join(fixtures, FOLDER, 'tokens.safetensors');
  const jobs: Record<string, (folder: string) => Job> = {
    merge: (folder) => ({ kind: 'merge', ...chosen, output: path.join(folder, 'merged'), dtype: 'bfloat16' }),
    evaluation: () => ({ kind: 'eval', ...chosen, tokens, threads: 0, memoryBudget: 0 }),
    comparison: () => ({ kind: 'logits-compare', ...chosen, other: chosen.model, tokens }),
  };

  it.each(Object.entries(jobs))('tell how far they are: %s', (_what, job) =>
    inTemporaryFolder(async (folder) => {
      const told: ProgressEvent[] = [];
      await start(job(folder), (event) => {
        if (event.type === 'progress') told.push(event);
      });
      const done = told.map((event) => event.done);
      expect(done).toEqual([...new Set(done)].sort((a, b) => a - b));
      expect(new Set(told.map(({ total }) => total))).toEqual(new Set([done.at(-1)]));
    }),
  );

  it('a generation that is cancelled resolves with what there is', async () => {
    // The queue of events holds a thousand: the engine cannot be further ahead when the first is heard.
    const running = host.start(generation(10_000), () => running.cancel());
    const { ids } = await running.result;
    expect(ids.length).toBeGreaterThan(0);
    expect(ids.length).toBeLessThan(2000);
  });
});

describe('a run that trains', () => {
  it('writes a checkpoint when it is asked to, and stops when it is asked to', () =>
    inTemporaryFolder(async (output) => {
      const checkpoints: number[] = [];
      // As above: of many steps only the first thousand or two can pass before it hears.
      const job = trainJob(FOLDER, readTrajectory(FOLDER), output);
      job.run.training.steps = 20_000;
      const running = host.start(job, (event) => {
        if (event.type === 'start') running.ask('checkpoint');
        if (event.type === 'checkpoint') {
          checkpoints.push(event.step);
          running.ask('stop');
        }
      });
      const done = await running.result;
      expect(checkpoints).toHaveLength(1);
      expect(done.stoppedEarly).toBe(true);
      expect(done.steps).toBeGreaterThanOrEqual(checkpoints[0]!);
      expect(done.steps).toBeLessThan(10_000);
      expect(existsSync(path.join(output, 'adapter', 'adapter_model.safetensors'))).toBe(true);
    }));

  it('hears only what the contract knows', () => {
    const running = host.start(generation(4));
    expect(() => running.ask('pause' as 'stop')).toThrow(TypeError);
    return running.result;
  });
});
