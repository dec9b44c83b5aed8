import { describe, expect, it } from 'vitest';
import { bar, sparkline } from '../../main/cli/chart.ts';
import { table } from '../../main/cli/table.ts';
import { bytes, duration, figure } from '../../preload/contract/figures.ts';
import { nearest } from '../../preload/contract/nearest.ts';

describe('figures for people', () => {
  it.each([
    [0, '0 bytes'],
    [1023, '1023 bytes'],
    [1024, '1.0 KiB'],
    [9.4 * 2 ** 30, '9.4 GiB'],
    [412 * 2 ** 20, '412 MiB'],
    [-2048, '−2.0 KiB'],
  ])('%d bytes', (count, text) => expect(bytes(count)).toBe(text));

  it.each([
    [0.05, '50 ms'],
    [4.25, '4.3 s'],
    [42, '42 s'],
    [185, '3 min 05 s'],
    [7800, '2 h 10 min'],
    [NaN, '–'],
  ])('%d seconds', (seconds, text) => expect(duration(seconds)).toBe(text));

  it.each([
    [2.3456, '2.346'],
    [0, '0.000'],
    [0.00001, '1.0e−5'],
    [1234.5, '1234.5'],
    [NaN, 'NaN'],
    [null, '–'],
  ])('%d', (value, text) => expect(figure(value)).toBe(text));
});

describe('drawings', () => {
  it('draws a falling curve from high to low', () => expect(sparkline([4, 3, 2, 1], 4)).toBe('█▆▃▁'));
  it('draws a level curve', () => expect(sparkline([1, 1, 1], 8)).toBe('▁▁▁'));
  it('leaves out what is no number', () => expect(sparkline([NaN], 8)).toBe(''));
  it('fits many values into few characters', () =>
    expect(
      sparkline(
        Array.from({ length: 999 }, (_, i) => i),
        10,
      ),
    ).toHaveLength(10));
  it('fills a bar by its share', () => expect(bar(0.5, 4)).toBe('━━╌╌'));
  it('sets numbers to the right', () => {
    expect(table([{ title: 'a' }, { title: 'number', align: 'right' }], [['long name', '1']])).toBe(
      'a          number\n─────────  ──────\nlong name       1',
    );
  });
});

describe('the nearest name', () => {
  it.each([
    ['stpes', 'steps'],
    ['Learningrate', 'learningRate'],
    ['xyz', undefined],
  ])('of %s', (name, expected) => expect(nearest(name, ['steps', 'seed', 'learningRate'])).toBe(expected));
});
