import { existsSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import {
  fixtureFolders,
  fixtures,
  largestDifference,
  largestRelativeError,
  readTrajectory,
  stepsOf,
  trainTrajectory,
} from './oracle_engine.ts';

/** Relative, at each step. Where a code of NF4 lies on an edge, one rounding moves a weight by a level. */
const TOLERANCE = { dense: 1e-4, nf4: 1e-3 };

describe('every step of training is that of the reference', () => {
  const folders = ['train', 'lora', 'documents', 'galore', 'loqt'].flatMap((kind) =>
    fixtureFolders(kind, 'expected.json'),
  );
  test.each(folders)('%s', async (folder) => {
    const expected = readTrajectory(folder);
    const adapter = path.join(fixtures, folder, 'adapter');
    const events = await trainTrajectory(folder, expected, existsSync(adapter) ? adapter : undefined);
    const steps = stepsOf(events);
    const tolerance = folder.includes('nf4') ? TOLERANCE.nf4 : TOLERANCE.dense;
    expect(
      largestRelativeError(
        steps.map((step) => step.loss),
        expected.losses,
      ),
      'losses',
    ).toBeLessThan(tolerance);
    if (expected.gradientNorms) {
      const norms = steps.map((step) => step.gradientNorm);
      expect(largestRelativeError(norms, expected.gradientNorms), 'gradient norms').toBeLessThan(tolerance);
    }
  });
});

describe('LoQT tells what its merges did', () => {
  test.each(fixtureFolders('loqt', 'expected.json'))('%s', async (folder) => {
    const expected = readTrajectory(folder);
    const told = (await trainTrajectory(folder, expected)).filter((event) => event.type === 'event');
    expect(told.map((event) => event.step)).toEqual(expected.events!.map((event) => event.step));
    if (!folder.includes('nf4')) return;
    for (const [i, event] of expected.events!.entries()) {
      for (const figure of ['quantizationErrorBefore', 'quantizationErrorAfter']) {
        const actual = event.layers.map((layer) => told[i]!.layers.find((each) => each.name === layer.name)?.[figure]);
        expect(
          largestDifference(
            actual as number[],
            event.layers.map((layer) => layer[figure] as number),
          ),
          figure,
        ).toBeLessThan(1e-4);
      }
    }
  });
});
