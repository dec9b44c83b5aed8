import { describe, expect, it } from 'vitest';
import { openStore, type Store } from '../../main/store/store.ts';
import type { Run } from '../../preload/contract/run-file.ts';

async function openWithRun(): Promise<Store> {
  const store = await openStore(':memory:');
  store.projects.insert({ id: 'p', name: 'P', createdAt: 1 });
  const config = { method: { name: 'plain' } } as Run;
  store.runs.insert({ id: 'r', project: 'p', name: 'r', state: 'running', config, output: '/r', createdAt: 1 });
  return store;
}

/** Values that jump about, the same on every run. */
const valueAt = (step: number): number => ((step * 7919) % 1009) - 500;

function fill(store: Store, from: number, to: number, by = 1): void {
  for (let step = from; step < to; step += by) store.metrics.add('r', 'loss', step, valueAt(step));
}

/** The least and greatest value of the steps that each bucket holds, from the rows themselves. */
function expected(store: Store, steps: Float64Array, end: number): { minimum: number[]; maximum: number[] } {
  const rows = store.metrics.series('r', 'loss');
  const pieces = [...steps].map((first, index) => {
    const next = steps[index + 1] ?? end;
    return rows.filter(({ step }) => step >= first && step < next).map(({ value }) => value!);
  });
  return { minimum: pieces.map((each) => Math.min(...each)), maximum: pieces.map((each) => Math.max(...each)) };
}

describe('series for charts', () => {
  it.each([
    [10_000, 1, 500, null, null],
    [10_000, 1, 48, null, null],
    [10_000, 1, 100, 1234, 8765],
    [100_000, 50, 300, null, null],
    [3000, 1, 2999, null, null],
    [70_000, 1, 1, null, null],
    [70_000, 1, 2, 5, 69_990],
  ])('of %i steps by %i come in at most %i buckets, each with its true extremes', async (end, by, points, from, to) => {
    const store = await openWithRun();
    fill(store, 0, end, by);
    const { steps, minimum, maximum, count } = store.metrics.buckets('r', 'loss', from, to, points);
    expect(count).toBe(Math.ceil(end / by));
    expect(steps.length).toBeLessThanOrEqual(points);
    expect(steps[0]).toBeLessThanOrEqual(from ?? 0);
    if (to === null) {
      const true_ = expected(store, steps, end);
      expect([...minimum]).toEqual(true_.minimum);
      expect([...maximum]).toEqual(true_.maximum);
    } else {
      // The last bucket may reach past the range.
      const true_ = expected(store, steps.subarray(0, -1), steps.at(-1)!);
      expect([...minimum.subarray(0, -1)]).toEqual(true_.minimum);
      expect([...maximum.subarray(0, -1)]).toEqual(true_.maximum);
    }
    store.close();
  });

  it('are whole where there are no more steps than points', async () => {
    const store = await openWithRun();
    fill(store, 0, 100_000, 100);
    store.metrics.add('r', 'loss', 50, NaN);
    const { steps, minimum, maximum } = store.metrics.buckets('r', 'loss', 0, 1000, 11 + 1);
    expect([...steps]).toEqual([0, 50, 100, 200, 300, 400, 500, 600, 700, 800, 900, 1000]);
    expect(minimum[1]).toBeNaN();
    expect([...minimum.subarray(2)]).toEqual([...maximum.subarray(2)]);
    store.close();
  });

  it('are empty where nothing was recorded', async () => {
    const store = await openWithRun();
    expect(store.metrics.buckets('r', 'evalLoss', null, null, 10)).toMatchObject({ count: 0 });
    store.close();
  });

  it('stay true when a run goes on from a checkpoint and when a step is told again', async () => {
    const store = await openWithRun();
    fill(store, 0, 5000);
    store.metrics.add('r', 'evalLoss', 3001, 1);
    store.metrics.add('r', 'evalLoss', 3002, 2);
    store.metrics.dropAfter('r', 3001, ['evalLoss']);
    expect(store.metrics.buckets('r', 'loss', null, null, 10_000).steps.at(-1)).toBe(3000);
    // An evaluation after 3001 steps belongs to the checkpoint, the step of that index does not.
    expect(store.metrics.series('r', 'evalLoss')).toEqual([{ step: 3001, value: 1 }]);
    for (let step = 3001; step < 6000; step++) store.metrics.add('r', 'loss', step, 10_000 + step);
    store.metrics.add('r', 'loss', 7, -9999);
    const { steps, minimum, maximum, count } = store.metrics.buckets('r', 'loss', null, null, 20);
    expect(count).toBe(6000);
    const true_ = expected(store, steps, 6000);
    expect([...minimum]).toEqual(true_.minimum);
    expect([...maximum]).toEqual(true_.maximum);
    expect(minimum[0]).toBe(-9999);
    store.close();
  });

  it('tell the last and the least value of every series at once', async () => {
    const store = await openWithRun();
    for (const [step, value] of [5, 2, 3].entries()) store.metrics.add('r', 'evalLoss', step, value);
    expect(store.metrics.figures(['r', 'other'])).toEqual([{ run: 'r', key: 'evalLoss', step: 2, last: 3, least: 2 }]);
    store.close();
  });
});
