import { describe, expect, it } from 'vitest';
import { BudgetSolver } from '../../main/services/budget.ts';
import { MethodService } from '../../main/services/methods.ts';
import { parseRunFile, type Run, type RunFile } from '../../preload/contract/run-file.ts';
import { FakeEngine } from './fake-engine.ts';

const draft = (more: Record<string, unknown> = {}): RunFile =>
  parseRunFile({
    model: { preset: 'tiny' },
    data: { train: 'text.txt', sequenceLength: 128 },
    method: { name: 'ranked', rank: 64 },
    training: { microBatch: 8 },
    ...more,
  });

const composed = (file: RunFile, storage = 'nf4'): Run => ({
  ...file,
  name: 'r',
  initialize: 'random',
  data: { ...file.data, format: 'text', trainOn: 'completions' },
  storage: { ...file.storage, weights: storage },
  device: { ...file.device, memoryBudget: 1e9 },
  output: '/r',
});

/** A planner whose bytes are easy to follow: weights, rank, activations, states. */
async function bytesOf({ method, training, storage, optimizer, data }: Run): Promise<number> {
  const weights = storage.weights === 'nf4' ? 100 : 800;
  const rank = typeof method.rank === 'number' ? method.rank * 10 : 1000;
  const activations = (training.recompute === 'blocks' ? 1 : 4) * training.microBatch * (data.sequenceLength / 2);
  return weights + rank * (optimizer.stateBits === 8 ? 1 : 2) + activations;
}

const solve = (budget: number, file = draft(), plan = bytesOf) =>
  new BudgetSolver(new MethodService(new FakeEngine())).solve(file, composed(file), budget, plan);

describe('a budget', () => {
  it('that is large enough changes nothing', async () => {
    const [best, other] = await solve(1e6);
    expect(best).toMatchObject({ method: 'ranked', changes: [], fits: true, recommended: true, planBytes: 3428 });
    expect(best!.file).toEqual({ ...draft(), device: { ...draft().device, memoryBudget: 1e6 } });
    expect(other).toMatchObject({ method: 'plain', recommended: false });
  });

  it('is kept by what costs time before what costs quality, each with the bytes that it saves', async () => {
    const [best] = await solve(1900);
    expect(best!.changes).toEqual([{ text: 'activations recomputed', savesBytes: 1536 }]);
    const [tighter] = await solve(1200);
    expect(tighter!.changes.map(({ text }) => text)).toEqual([
      'activations recomputed',
      'micro-batch 8 → 4, accumulated',
      'optimizer states 32 → 8 bit',
    ]);
    const [tightest] = await solve(500);
    expect(tightest!.changes.at(-1)).toEqual({ text: 'rank 64 → 32', savesBytes: 320 });
    expect(tightest).toMatchObject({ fits: true, file: { method: { rank: 32 } }, planBytes: 484 });
  });

  it('takes back what turned out not to be needed', async () => {
    // Recomputing saves a little, states of 8 bits alone are enough.
    const plan = async (run: Run): Promise<number> =>
      (run.training.recompute === 'blocks' ? 990 : 1000) - (run.optimizer.stateBits === 8 ? 500 : 0);
    const [best] = await solve(600, draft({ training: { microBatch: 1 } }), plan);
    expect(best!.changes).toEqual([{ text: 'optimizer states 32 → 8 bit', savesBytes: 500 }]);
  });

  it('keeps the sequences of a step when the micro-batch is halved', async () => {
    const plan = async ({ training }: Run): Promise<number> => training.microBatch * 100;
    const [best] = await solve(200, draft(), plan);
    expect(best!.file.training).toMatchObject({ microBatch: 2, gradientAccumulation: 4 });
    expect(best!.changes.map(({ text }) => text)).toEqual([
      'micro-batch 8 → 4, accumulated',
      'micro-batch 4 → 2, accumulated',
    ]);
  });

  it('that nothing fits into says so, and what takes least', async () => {
    const options = await solve(1);
    expect(options.every(({ fits, recommended }) => !fits && !recommended)).toBe(true);
  });

  it('leaves out methods that cannot train the model, but not the one that was asked for', async () => {
    const refuse =
      (name: string) =>
      async (run: Run): Promise<number> => {
        if (run.method.name === name) throw new Error('no');
        return bytesOf(run);
      };
    expect((await solve(1e6, draft(), refuse('plain'))).map(({ method }) => method)).toEqual(['ranked']);
    await expect(solve(1e6, draft(), refuse('ranked'))).rejects.toThrow('no');
  });

  it('offers random weights no method that leaves them as they are', async () => {
    const engine = new FakeEngine();
    const { methods } = await engine.registry();
    const lowRank = { ...methods[0]!, name: 'beside', parts: { ...methods[0]!.parts, delta: 'low-rank' } };
    engine.registry = async () => ({ methods: [...methods, lowRank], presets: [] });
    const solver = new BudgetSolver(new MethodService(engine));
    const names = async (initialize: Run['initialize']): Promise<string[]> =>
      (await solver.solve(draft(), { ...composed(draft()), initialize }, 1e6, bytesOf)).map(({ method }) => method);
    expect(await names('random')).not.toContain('beside');
    expect(await names('pretrained')).toContain('beside');
  });

  it('says what another method takes over from the run where its own default differs', async () => {
    const engine = new FakeEngine();
    const { methods } = await engine.registry();
    const ranked = methods.find(({ name }) => name === 'ranked')!;
    engine.registry = async () => ({ methods: [ranked, { ...ranked, name: 'beside' }], presets: [] });
    const solver = new BudgetSolver(new MethodService(engine));
    const keptAt = async (rank: number): Promise<string[][]> => {
      const file = draft({ method: { name: 'ranked', rank } });
      return (await solver.solve(file, composed(file), 1e6, bytesOf)).map(({ kept }) => kept);
    };
    const byDefault = Number(ranked.parameters[0]!.default);
    expect(await keptAt(2 * byDefault)).toEqual([[], [`rank ${2 * byDefault}`]]);
    expect(await keptAt(byDefault)).toEqual([[], []]);
  });

  it('offers a fork no other method: its checkpoint is of this one', async () => {
    const options = await solve(1e6, draft({ from: { run: 'r', step: 5 } }));
    expect(options.map(({ method }) => method)).toEqual(['ranked']);
  });
});
