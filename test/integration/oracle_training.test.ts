import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { readSafetensorsHeader } from '../../main/formats/safetensors.ts';
import {
  engineEvalLoss,
  fixtureFolders,
  fixtures,
  inTemporaryFolder,
  largestDifference,
  largestRelativeError,
  readFloats,
  readTrajectory,
  stepsOf,
  trainTrajectory,
  type Trajectory,
} from './oracle_engine.ts';

/** Relative, at each step. Where a value lies on the edge between two codes, one rounding moves it by a level. */
const TOLERANCE = { float32: 1e-5, eightBitMoments: 1e-4, nf4Weights: 1e-3 };

function toleranceFor({ run }: Trajectory): number {
  if (run.storage?.weights === 'nf4') return TOLERANCE.nf4Weights;
  return run.optimizer.stateBits === 8 ? TOLERANCE.eightBitMoments : TOLERANCE.float32;
}

const folders = ['train', 'lora', 'documents', 'galore', 'loqt'].flatMap((kind) =>
  fixtureFolders(kind, 'expected.json'),
);

describe('every step of training is that of the reference', () => {
  test.each(folders)('%s', async (folder) => {
    const expected = readTrajectory(folder);
    const tolerance = toleranceFor(expected);
    await inTemporaryFolder(async (output) => {
      const events = await trainTrajectory(folder, expected, output);
      const steps = stepsOf(events);
      const losses = steps.map((step) => step.loss);
      expect(largestRelativeError(losses, expected.losses), 'losses').toBeLessThan(tolerance);
      if (expected.gradientNorms) {
        const norms = steps.map((step) => step.gradientNorm);
        expect(largestRelativeError(norms, expected.gradientNorms), 'gradient norms').toBeLessThan(tolerance);
      }
      if (expected.events) {
        // Dense weights lose nothing at a merge, so nothing is told of it.
        const told = events.filter((event) => event.type === 'event');
        expect(told.map((event) => event.step)).toEqual(expected.events.map((event) => event.step));
        for (const [i, { layers }] of expected.run.storage?.weights === 'nf4' ? expected.events.entries() : []) {
          for (const figure of ['quantizationErrorBefore', 'quantizationErrorAfter']) {
            const figures = layers.map(({ name }) => told[i]!.layers.find((layer) => layer.name === name)?.[figure]);
            const wanted = layers.map((layer) => layer[figure] as number);
            expect(largestDifference(figures as number[], wanted), `${figure}, event ${i}`).toBeLessThan(1e-4);
          }
        }
      }
    });
  });
});

describe('what saves memory or time does not change the numbers', () => {
  const ways: [string, string, (run: Trajectory['run']) => Trajectory['run']][] = [
    [
      'recomputed blocks',
      'train/full-plain',
      (run) => ({ ...run, training: { ...run.training, recompute: 'blocks' } }),
    ],
    ['kept blocks', 'train/full-cosine', (run) => ({ ...run, training: { ...run.training, recompute: 'none' } })],
    [
      'updates per layer',
      'train/full-decay',
      (run) => ({ ...run, optimizer: { ...run.optimizer, perLayerUpdates: true } }),
    ],
    ['updates per layer', 'galore', (run) => ({ ...run, optimizer: { ...run.optimizer, perLayerUpdates: true } })],
    ['updates per layer', 'loqt/nf4', (run) => ({ ...run, optimizer: { ...run.optimizer, perLayerUpdates: true } })],
    ['recomputed blocks', 'loqt/window', (run) => ({ ...run, training: { ...run.training, recompute: 'blocks' } })],
    ['parked gradients', 'loqt/window', (run) => ({ ...run, method: { ...run.method, parkOnHost: true } })],
  ];
  test.each(ways)('%s: %s', async (_way, folder, change) => {
    const expected = readTrajectory(folder);
    await inTemporaryFolder(async (output) => {
      const steps = stepsOf(await trainTrajectory(folder, { ...expected, run: change(expected.run) }, output));
      const losses = steps.map((step) => step.loss);
      expect(largestRelativeError(losses, expected.losses)).toBeLessThan(toleranceFor(expected));
    });
  });
});

describe('bfloat16 stays near the float32 reference', () => {
  test.each(folders)('%s', async (folder) => {
    const expected = readTrajectory(folder);
    const run = { ...expected.run, training: { ...expected.run.training, precision: 'bf16' } };
    await inTemporaryFolder(async (output) => {
      const losses = stepsOf(await trainTrajectory(folder, { ...expected, run }, output)).map((step) => step.loss);
      // A rounding of 2⁻⁹ in weights and activations; in NF4 it also moves codes.
      const tolerance = run.storage?.weights === 'nf4' ? 2e-2 : 5e-3;
      expect(largestRelativeError(losses, expected.losses)).toBeLessThan(tolerance);
    });
  });
});

describe('the loss of an evaluation is that of the reference', () => {
  const evaluated = folders.filter((folder) => readTrajectory(folder).evalLoss !== undefined);
  test.each(evaluated)('%s', async (folder) => {
    const expected = readTrajectory(folder);
    expect(largestRelativeError([await engineEvalLoss(folder, expected)], [expected.evalLoss!])).toBeLessThan(1e-5);
  });
});

describe('a trained adapter is the one that peft saves', () => {
  test.each(fixtureFolders('lora', 'trained.safetensors'))('%s', async (folder) => {
    await inTemporaryFolder(async (output) => {
      await trainTrajectory(folder, readTrajectory(folder), output);
      const written = path.join(output, 'adapter', 'adapter_model.safetensors');
      const wanted = path.join(fixtures, folder, 'trained.safetensors');
      const names = [...readSafetensorsHeader(wanted).keys()].sort();
      expect([...readSafetensorsHeader(written).keys()].sort()).toEqual(names);
      for (const name of names) {
        const [actual, expected] = [readFloats(written, name), readFloats(wanted, name)];
        expect(actual.shape, name).toEqual(expected.shape);
        // A hundredth of one step: where a gradient is nearly zero, rounding decides how Adam divides it by its own size.
        expect(largestDifference(actual.values, expected.values), name).toBeLessThan(1e-5);
      }
    });
  });
});
