import { describe, expect, it } from 'vitest';
import { overAxis } from '../../renderer/src/components/charts/axis.ts';
import { above, binned, roundTicks } from '../../renderer/src/components/charts/bins.ts';
import {
  appended,
  curveOf,
  emptyCurve,
  firstAt,
  nearestTo,
  placesWithin,
  valueAt,
  valueNear,
  type Curve,
} from '../../renderer/src/components/charts/curve.ts';
import { drawn, restless } from '../../renderer/src/components/charts/decimate.ts';
import { difference } from '../../renderer/src/components/charts/difference.ts';
import { memoryParts } from '../../renderer/src/components/charts/memory-parts.ts';
import { plotLines } from '../../renderer/src/components/charts/plot-lines.ts';
import { smoothed } from '../../renderer/src/components/charts/smoothing.ts';
import { summaryOf } from '../../renderer/src/components/charts/summary.ts';
import { byKey, extentOf, panned, within, zoomed } from '../../renderer/src/components/charts/view.ts';

const f = (...values: number[]): Float64Array => Float64Array.from(values);
const range = (length: number, y: (i: number) => number): Curve =>
  curveOf(
    Float64Array.from({ length }, (_, i) => i),
    Float64Array.from({ length }, (_, i) => y(i)),
  );
const numbers = (values: (number | null | undefined)[]): number[] => values.filter((each) => typeof each === 'number');

describe('what is drawn of a curve', () => {
  it('is every place where there are few, on the places of all curves', () => {
    const { x, values } = drawn([curveOf(f(0, 2, 4), f(5, 6, 7)), curveOf(f(1, 2), f(8, NaN))], 0, 4, 100);
    expect(x).toEqual([0, 1, 2, 4]);
    expect(values).toEqual([
      [5, undefined, 6, 7],
      [undefined, 8, null, undefined],
    ]);
  });

  it('keeps a neighbour on either side of the range', () => {
    expect(drawn([range(10, (i) => i)], 3.5, 6.5, 100).x).toEqual([3, 4, 5, 6, 7]);
    expect(drawn([range(10, (i) => i)], 3, 6, 100).x).toEqual([2, 3, 4, 5, 6, 7]);
  });

  it('loses no spike where there are more places than columns', () => {
    const curve = range(100_000, (i) => (i === 54_321 ? 99 : i === 70_001 ? -99 : Math.sin(i / 900)));
    const { x, values } = drawn([curve], 0, 99_999, 300);
    expect(x.length).toBeLessThan(700);
    expect(Math.max(...numbers(values[0]!))).toBe(99);
    expect(Math.min(...numbers(values[0]!))).toBe(-99);
    expect([...x].sort((a, b) => a - b)).toEqual(x);
  });

  it('draws lowest and highest of a column in the order in which they came', () => {
    const rising = numbers(drawn([range(1000, (i) => i)], 0, 999, 10).values[0]!);
    expect(rising).toEqual([...rising].sort((a, b) => a - b));
    const falling = numbers(drawn([range(1000, (i) => -i)], 0, 999, 10).values[0]!);
    expect(falling).toEqual([...falling].sort((a, b) => b - a));
  });

  it('shows both ends of a bucket, however near it is seen', () => {
    const bucketed = { x: f(0, 10, 20), low: f(1, 2, 3), high: f(4, 5, 6) };
    const { values } = drawn([bucketed], 0, 20, 100);
    expect(numbers(values[0]!).sort()).toEqual([1, 2, 3, 4, 5, 6]);
  });

  it('breaks the line where the run diverged', () => {
    const { values } = drawn([range(5000, (i) => (i > 4000 ? NaN : 1))], 0, 4999, 50);
    expect(values[0]).toContain(null);
    expect(numbers(values[0]!).every((value) => value === 1)).toBe(true);
  });

  it('is nothing of nothing', () => {
    expect(drawn([emptyCurve()], 0, 1, 100)).toEqual({ x: [], values: [[]] });
  });
});

it('noise is told from a line that can be followed', () => {
  const noise = Array.from({ length: 1000 }, (_, i) => (i % 3) + (i % 2));
  const slope = Array.from({ length: 1000 }, (_, i) => 5 * Math.exp(-i / 100) + 0.01 * (i % 2));
  expect([noise, slope, [1, null, undefined, 1], []].map(restless)).toEqual([true, false, false, false]);
});

describe('curves', () => {
  it('finds places', () => {
    const xs = f(1, 3, 5);
    expect([0, 1, 2, 5, 6].map((x) => firstAt(xs, x))).toEqual([0, 0, 1, 2, 3]);
    expect([-9, 1.9, 2.1, 9].map((x) => nearestTo(xs, x))).toEqual([0, 0, 1, 2]);
    expect(nearestTo(f(), 1)).toBe(-1);
  });

  it('has a value between its places and none outside', () => {
    const curve = curveOf(f(0, 10), f(1, 3));
    expect([0, 5, 10].map((x) => valueAt(curve, x))).toEqual([1, 2, 3]);
    expect([-1, 11].map((x) => valueAt(curve, x))).toEqual([NaN, NaN]);
  });

  it('tells the closest value, and none where it has ended', () => {
    const curve = curveOf(f(0, 10), f(1, 3));
    expect([-2, -1, 4, 6, 20, 21].map((x) => valueNear(curve, x, 1))).toEqual([NaN, 1, 1, 3, 3, NaN]);
    expect(valueNear(emptyCurve(), 0, 1)).toBeNaN();
  });

  it('gives evenly spaced places for a table, the last one among them', () => {
    const curves = [range(10, (i) => i), range(1000, (i) => i)];
    expect(placesWithin(curves, 100, 205, 10)).toEqual([100, 111, 122, 133, 144, 155, 166, 177, 188, 199, 205]);
    expect(placesWithin(curves, 2.5, 4.5, 10)).toEqual([3, 4]);
    expect(placesWithin([emptyCurve()], 0, 1, 10)).toEqual([]);
  });

  it('has raw lines under smoothed ones, but no smoothed one of what is measured now and then', () => {
    const line = { label: '', place: 0, curve: range(10, (i) => i) };
    const series = [
      { ...line, id: 'loss' },
      { ...line, id: 'eval', rough: true },
    ];
    const told = (smoothing: number): [string, boolean, boolean][] =>
      plotLines(series, ['eval'], smoothing).map(({ series, faint, shown }) => [series.id, faint, shown]);
    expect(told(0)).toEqual([
      ['loss', false, true],
      ['eval', false, false],
    ]);
    expect(told(0.5)).toEqual([
      ['loss', true, true],
      ['loss', false, true],
      ['eval', false, false],
    ]);
  });

  it('grows by what is new and real', () => {
    const curve = appended(curveOf(f(0, 1), f(5, 4)), f(1, 2, 3, 4), f(9, 3, NaN, 1));
    expect([...curve.x]).toEqual([0, 1, 2, 4]);
    expect([...curve.low]).toEqual([5, 4, 3, 1]);
    expect(appended(curve, f(4), f(0))).toBe(curve);
  });

  it('lies over tokens or seconds instead of steps', () => {
    const tokens = curveOf(f(0, 10, 20), f(100, 1100, 3100));
    expect([...overAxis(curveOf(f(0, 5, 15, 30), f(1, 1, 1, 1)), tokens).x]).toEqual([100, 600, 2100, 5100]);
    const curve = curveOf(f(1), f(1));
    expect(overAxis(curve, undefined)).toBe(curve);
  });

  it('is compared with a baseline where both are', () => {
    const { x, low } = difference(curveOf(f(0, 5, 10, 20), f(2, 2, 2, 2)), curveOf(f(0, 10), f(1, 3)));
    expect([[...x], [...low]]).toEqual([
      [0, 5, 10],
      [1, 0, -1],
    ]);
  });

  it('smooths alike whether it was thinned or not', () => {
    const noisy = range(2001, (i) => 2 + (i % 2));
    const thin = range(1001, () => 2.5);
    thin.x.forEach((_, i) => (thin.x[i] = 2 * i));
    const whole = smoothed(noisy, 0.5).low;
    const thinned = smoothed(thin, 0.5).low;
    expect(Math.abs(whole[2000]! - thinned[1000]!)).toBeLessThan(0.02);
    expect(smoothed(noisy, 0)).toBe(noisy);
    expect(
      smoothed(
        range(100, (i) => (i === 50 ? NaN : 1)),
        0.5,
      ).low[50],
    ).toBeNaN();
  });

  it.each([
    ['fell', [5, 1, 2], { direction: 'fell', first: 5, last: 2, lowest: 1, lowestAt: 1 }],
    ['rose', [NaN, 1, 2], { direction: 'rose', first: 1, last: 2, lowest: 1, lowestAt: 1 }],
    ['held', [1000, 1001], { direction: 'held', first: 1000, last: 1001, lowest: 1000, lowestAt: 0 }],
  ])('says that it %s', (_, values, summary) => {
    expect(summaryOf(range(values.length, (i) => values[i]!))).toEqual(summary);
  });

  it('says nothing of nothing', () => {
    expect(summaryOf(emptyCurve())).toBeNull();
    expect(summaryOf(range(3, () => NaN))).toBeNull();
  });
});

describe('the part that is seen', () => {
  const whole = { from: 0, to: 100 };
  it.each([
    ['all of it', { from: -10, to: 200 }, null],
    ['what lies inside', { from: 20, to: 40 }, { from: 20, to: 40 }],
    ['pushed back from before the beginning', { from: -10, to: 10 }, { from: 0, to: 20 }],
    ['pushed back from after the end', { from: 90, to: 110 }, { from: 80, to: 100 }],
    ['never narrower than can be told', { from: 50, to: 50 }, { from: 50, to: 50.0001 }],
  ])('is %s', (_, view, expected) => expect(within(view, whole)).toEqual(expected));

  it('spans every curve', () => {
    expect(extentOf([curveOf(f(3, 9), f(1, 1)), emptyCurve(), curveOf(f(1, 4), f(1, 1))])).toEqual({ from: 1, to: 9 });
    expect(extentOf([emptyCurve()])).toBeNull();
  });

  it.each([
    ['+', false, { view: { from: 20, to: 80 } }],
    ['0', false, { view: null }],
    ['ArrowRight', true, { view: { from: 20, to: 120 } }],
    ['ArrowRight', false, { at: 52 }],
    ['ArrowLeft', false, { at: 48 }],
    ['End', false, { at: 100 }],
    ['x', false, null],
  ])('answers the key %s', (key, shift, expected) => expect(byKey(key, shift, whole, 50)).toEqual(expected));

  it('holds its place while zooming', () => {
    expect(zoomed({ from: 0, to: 100 }, 0.5, 20)).toEqual({ from: 10, to: 60 });
    expect(panned({ from: 10, to: 20 }, 0.5)).toEqual({ from: 15, to: 25 });
  });
});

describe('a histogram', () => {
  it('has bars of a round width and counts everything once', () => {
    const values = Float64Array.from({ length: 1000 }, (_, i) => i + 1);
    const bins = binned(values, new Float64Array(1000).fill(2), 50);
    expect(bins.length).toBeLessThanOrEqual(51);
    expect(bins[0]).toEqual({ from: 0, to: 40, count: 78 });
    expect(bins.reduce((sum, { count }) => sum + count, 0)).toBe(2000);
    expect(above(values, new Float64Array(1000).fill(2), 900)).toBe(200);
  });

  it('is empty for nothing, and one bar a value for few', () => {
    expect(binned(f(), f(), 50)).toEqual([]);
    expect(binned(f(0, 2), f(1, 3), 50).map(({ count }) => count)).toEqual([1, 0, 3]);
  });

  it('is read off round values', () => expect(roundTicks(920, 5)).toEqual([0, 200, 400, 600, 800]));
});

describe('memory', () => {
  it('stands in the order of the plan; what is unknown is last and what is nothing is not there', () => {
    const parts = memoryParts({ zebra: 1, activations: 2, weights: 3, cache: 0, apple: 4 });
    expect(parts.map(({ category }) => category)).toEqual(['weights', 'activations', 'apple', 'zebra']);
  });
});
