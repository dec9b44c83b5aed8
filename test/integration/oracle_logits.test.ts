import { existsSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import {
  adapterOf,
  engineLogits,
  fixtureFolders,
  fixtures,
  inTemporaryFolder,
  largestDifference,
  readFloats,
  readTrajectory,
  start,
} from './oracle_engine.ts';

const TOLERANCE = 1e-4;

/** Where the base model of a fixture lies: beside the numbers, or named by its trajectory. */
function modelOf(folder: string): string {
  const own = path.join(fixtures, folder, 'model');
  return existsSync(own) ? own : path.join(fixtures, readTrajectory(folder).model);
}

async function expectLogits(folder: string, model: string, adapter: string | null): Promise<void> {
  const file = path.join(fixtures, folder, 'expected.safetensors');
  const expected = readFloats(file, 'logits');
  const actual = await engineLogits(model, adapter, file);
  expect(actual.shape).toEqual(expected.shape);
  expect(largestDifference(actual.values, expected.values)).toBeLessThan(TOLERANCE);
}

describe('logits are those of transformers and peft', () => {
  const folders = ['logits', 'lora', 'documents'].flatMap((kind) => fixtureFolders(kind, 'expected.safetensors'));
  test.each(folders)('%s', (folder) => expectLogits(folder, modelOf(folder), adapterOf(folder)));
});

describe('an adapter merged into its base has the logits of the two', () => {
  test.each(fixtureFolders('lora', 'expected.safetensors'))('%s', (folder) =>
    inTemporaryFolder(async (parent) => {
      const output = path.join(parent, 'merged');
      await start({ kind: 'merge', model: modelOf(folder), adapter: adapterOf(folder), output, dtype: 'float32' });
      await expectLogits(folder, output, null);
    }),
  );
});
