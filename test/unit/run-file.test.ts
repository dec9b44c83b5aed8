import { describe, expect, it } from 'vitest';
import { parseRunFile } from '../../preload/contract/run-file.ts';
import { RankwiseError } from '../../preload/contract/errors.ts';

const smallest = { model: { preset: 'llama-9m' }, data: { train: 'a.txt' }, method: { name: 'full' } };

function refusal(value: unknown): { message: string; hint: string } {
  try {
    parseRunFile(value);
  } catch (error) {
    if (error instanceof RankwiseError) return error;
    throw error;
  }
  throw new Error('was accepted');
}

describe('the run file', () => {
  it('writes out its defaults, and what it wrote reads back the same', () => {
    const run = parseRunFile(smallest);
    expect(run).toMatchObject({
      version: 1,
      data: { format: 'auto', sequenceLength: 256, packing: true, shuffle: true },
      optimizer: { name: 'adamw', learningRate: 1e-3, stateBits: 32 },
      schedule: { name: 'cosine' },
      training: { precision: 'bf16', masterWeights: true, seed: 42 },
      targets: 'all-linear',
    });
    expect(parseRunFile(JSON.parse(JSON.stringify(run)))).toEqual(run);
  });

  it('keeps a method’s own settings for the registry to check', () => {
    expect(parseRunFile({ ...smallest, method: { name: 'x', rank: 7 } }).method).toEqual({ name: 'x', rank: 7 });
  });

  it.each([
    ['8GiB', 8 * 2 ** 30],
    ['512 MiB', 512 * 2 ** 20],
    ['1.5kb', 1500],
    [4096, 4096],
  ])('reads the size %s', (memoryBudget, bytes) => {
    expect(parseRunFile({ ...smallest, device: { memoryBudget } }).device.memoryBudget).toBe(bytes);
  });

  it.each([
    [{ ...smallest, training: { step: 5 } }, '“training.step” is not', '“steps”'],
    [{ ...smallest, optimiser: {} }, '“optimiser” is not', '“optimizer”'],
    [{ ...smallest, model: { presett: 'llama-9m' } }, '“model.presett” is not', '“preset”'],
    [{ ...smallest, data: { train: 'a', eval: { fractoin: 0.1 } } }, 'data.eval', ''],
    [{ ...smallest, schedule: { name: 'cosinus' } }, 'schedule.name: expected "constant", "linear", "cosine"', ''],
    [{ ...smallest, training: { steps: 0 } }, 'training.steps: must be at least 1', ''],
    [{ ...smallest, training: { steps: 1.5 } }, 'training.steps', ''],
    [{ ...smallest, device: { memoryBudget: '8 apples' } }, '“8 apples” is not a size', ''],
    [{ ...smallest, model: {} }, 'exactly one of path, preset and id', ''],
    [{ ...smallest, model: { path: 'a', preset: 'b' } }, 'exactly one of path, preset and id', ''],
    [{ ...smallest, model: { path: 'a', vocabSize: 300 } }, 'vocabSize belongs to a preset', ''],
    [{ ...smallest, version: 2 }, 'version', ''],
    [{ model: smallest.model, method: smallest.method }, 'data', ''],
    [[], 'expected object', ''],
    [null, 'expected object', ''],
  ])('refuses %j', (value, message, hint) => {
    const error = refusal(value);
    expect(error.message).toContain(message);
    expect(error.hint).toContain(hint);
  });
});
