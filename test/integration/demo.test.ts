import { existsSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { DemoResult } from '../../main/demo/story.ts';
import { Terminal } from './command-line.ts';

const terminal = new Terminal();
afterAll(() => terminal.close());

describe('the demonstration', () => {
  let result: DemoResult;
  beforeAll(async () => {
    result = await terminal.ask<DemoResult>('demo', '--seconds', '8');
  });

  it('plans every run to the byte', () => {
    for (const row of [...result.pretraining, result.fineTuning]) expect(row.peakBytes, row.label).toBe(row.planBytes);
  });

  it('merges what base and adapter say together', () => {
    const { base, adapter, merged } = result.speeches;
    expect(adapter).toBeLessThan(base);
    expect(merged / adapter).toBeCloseTo(1, 3);
    expect(result.samples.find(({ label }) => label === 'merged')?.text).toBe(
      result.samples.find(({ label }) => label === 'adapter')?.text,
    );
  });

  it('leaves runs that can be compared, and models', async () => {
    const ids = result.pretraining.map(({ id }) => id);
    const comparison = await terminal.ask<{ differences: { setting: string }[] }>('runs', 'compare', ...ids);
    expect(comparison.differences.map(({ setting }) => setting)).toContain('method.name');
    expect(existsSync(path.join(result.folder, 'merged', 'config.json'))).toBe(true);
  });
});
