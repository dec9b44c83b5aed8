import { existsSync, readFileSync } from 'node:fs';
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

/** Largest difference of a logit; adapters, whose receivers compare them with what was tested here, are held tighter. */
const TOLERANCE = { logits: 1e-4, documents: 1e-4, lora: 1e-5 };
type Kind = keyof typeof TOLERANCE;

/** Where the base model of a fixture lies: beside the numbers, or named there or by its trajectory. */
function modelOf(folder: string): string {
  const own = path.join(fixtures, folder, 'model');
  if (existsSync(own)) return own;
  const named = path.join(fixtures, folder, 'model.json');
  const { model } = existsSync(named)
    ? (JSON.parse(readFileSync(named, 'utf8')) as { model: string })
    : readTrajectory(folder);
  return path.join(fixtures, model);
}

async function expectLogits(kind: Kind, folder: string, model: string, adapter: string | null): Promise<void> {
  const file = path.join(fixtures, folder, 'expected.safetensors');
  const expected = readFloats(file, 'logits');
  const actual = await engineLogits(model, adapter, file);
  expect(actual.shape).toEqual(expected.shape);
  expect(largestDifference(actual.values, expected.values)).toBeLessThan(TOLERANCE[kind]);
}

describe('logits are those of transformers and peft', () => {
  const cases = (Object.keys(TOLERANCE) as Kind[]).flatMap((kind) =>
    fixtureFolders(kind, 'expected.safetensors').map((folder) => ({ kind, folder })),
  );
  test.each(cases)('$folder', ({ kind, folder }) => expectLogits(kind, folder, modelOf(folder), adapterOf(folder)));
});

describe('an adapter merged into its base has the logits of the two', () => {
  test.each(fixtureFolders('lora', 'expected.safetensors'))('%s', (folder) =>
    inTemporaryFolder(async (parent) => {
      const output = path.join(parent, 'merged');
      await start({ kind: 'merge', model: modelOf(folder), adapter: adapterOf(folder), output, dtype: 'float32' });
      await expectLogits('lora', folder, output, null);
    }),
  );
});
