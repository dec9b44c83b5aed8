import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createApp } from '../../app.ts';
import { unpackTexts } from '../../services/sample-texts.ts';
import { bundledTexts, methodSweep, resolvePaths } from '../../paths.ts';
import {
  MethodComparisonService,
  type ComparisonSettings,
  type MethodComparison,
} from '../../services/method-comparison.ts';
import { table } from '../table.ts';
import { bytes } from '../../../preload/contract/figures.ts';

/** `bench methods`: with records of its own, so that its many runs do not fill the user's library. */
export async function benchMethods(
  settings: ComparisonSettings,
  onProgress: (line: string) => void,
): Promise<MethodComparison> {
  const home = mkdtempSync(path.join(tmpdir(), 'rankwise-methods-'));
  const app = createApp(resolvePaths({ ...process.env, RANKWISE_HOME: home }));
  try {
    const { runs } = await app.open();
    const { novel } = unpackTexts(bundledTexts, path.join(home, 'texts'));
    return await new MethodComparisonService(runs, methodSweep, novel, home).compare(settings, onProgress);
  } finally {
    await app.close();
    rmSync(home, { recursive: true, force: true });
  }
}

export function comparisonTable({ methods }: MethodComparison): string {
  const right = (title: string) => ({ title, align: 'right' as const });
  return table(
    [{ title: 'Method' }, right('Learning rate'), right('Loss by seed'), right('Perplexity'), right('Plan')],
    methods.map((each) => [
      each.label,
      String(each.learningRate),
      each.losses.map((loss) => loss.toFixed(4)).join('  '),
      each.perplexity.toFixed(3),
      bytes(each.planBytes),
    ]),
  );
}
