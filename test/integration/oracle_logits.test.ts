import { existsSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import {
  engineLogits,
  fixtureFolders,
  fixtures,
  largestDifference,
  readFloats,
  readTrajectory,
} from './oracle_engine.ts';

const TOLERANCE = 1e-4;

/** Where the base model of a fixture lies: beside the numbers, or named by its trajectory. */
function modelOf(folder: string): string {
  const own = path.join(fixtures, folder, 'model');
  return existsSync(own) ? own : path.join(fixtures, readTrajectory(folder).model);
}

describe('logits are those of transformers and peft', () => {
  const folders = ['logits', 'lora', 'documents'].flatMap((kind) => fixtureFolders(kind, 'expected.safetensors'));
  test.each(folders)('%s', async (folder) => {
    const adapter = path.join(fixtures, folder, 'adapter');
    const file = path.join(fixtures, folder, 'expected.safetensors');
    const expected = readFloats(file, 'logits');
    const actual = await engineLogits(modelOf(folder), existsSync(adapter) ? adapter : null, file);
    expect(actual.shape).toEqual(expected.shape);
    expect(largestDifference(actual.values, expected.values)).toBeLessThan(TOLERANCE);
  });
});
