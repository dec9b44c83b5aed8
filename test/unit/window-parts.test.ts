import { describe, expect, it } from 'vitest';
import { found } from '../../renderer/src/components/shell/palette-search.ts';
import { grouped } from '../../renderer/src/components/ui/choices.ts';
import { sortedRows, type TableColumn } from '../../renderer/src/components/ui/columns.ts';
import { chosen } from '../../renderer/src/components/ui/selection.ts';
import { parsed, stepped, type Stepping } from '../../renderer/src/components/ui/stepping.ts';
import * as format from '../../renderer/src/format.ts';
import { plain } from '../../renderer/src/plain.ts';

describe('figures', () => {
  it.each([
    [format.bytes, 0, '0 bytes'],
    [format.bytes, 1, '1 byte'],
    [format.bytes, 1536, '1.5 KiB'],
    [format.bytes, 512 * 1024 ** 2, '512 MiB'],
    [format.bytes, -9.4 * 1024 ** 3, '−9.4 GiB'],
    [format.bytes, null, '–'],
    [format.duration, 0.85, '850 ms'],
    [format.duration, 9.96, '10.0 s'],
    [format.duration, 185, '3 min 05 s'],
    [format.duration, 119.7, '2 min 00 s'],
    [format.duration, 7800, '2 h 10 min'],
    [format.duration, 360_000, '4 d 4 h'],
    [format.duration, Infinity, '–'],
    [format.whole, 63_400, '63,400'],
    [format.whole, -5, '−5'],
    [format.figure, 2.3144, '2.314'],
    [format.figure, 1e-5, '1.0e−5'],
    [format.figure, 2e6, '2.0e6'],
    [format.figure, NaN, 'NaN'],
    [format.figure, undefined, '–'],
    [format.count, 1.1e9, '1.1 B'],
    [format.count, 350e6, '350 M'],
    [format.count, 512, '512'],
    [format.percent, 0.004, '0.4 %'],
    [format.percent, 0.12, '12 %'],
    [format.tick, 5, '5'],
    [format.tick, 0.25, '0.25'],
    [format.tick, 1e-5, '1e−5'],
    [format.tick, 0.30000000000000004, '0.3'],
    [format.shortHash, '0123456789abcdef', '0123456789'],
  ] as const)('%o writes %s as %s', (write, value, text) => {
    expect((write as (value: unknown) => string)(value)).toBe(text);
  });

  it('tells signs, time left and times past', () => {
    expect([0.01, -0.01, 0].map((value) => format.signed(value))).toEqual(['+0.010', '−0.010', '0.000']);
    expect(format.timeLeft({ seconds: 71.4, plusMinus: 6.2 })).toBe('71 s ± 6 s');
    expect(format.timeLeft({ seconds: 240, plusMinus: 0.2 })).toBe('4 min 00 s');
    expect(format.timeLeft(null)).toBe('–');
    expect([0, 59, 61, 3700, 90_000].map((seconds) => format.ago(1e12 - seconds * 1000, 1e12))).toEqual([
      'just now',
      'just now',
      '1 minute ago',
      '1 hour ago',
      'yesterday',
    ]);
  });
});

describe('a number field', () => {
  const whole: Stepping = { step: 1, decades: false, integer: true, minimum: 1, maximum: 512 };
  const rate: Stepping = { step: 1, decades: true, integer: false, minimum: 0 };
  it.each([
    [8, 1, whole, 9],
    [512, 1, whole, 512],
    [1, -1, whole, 1],
    [7, 1, { ...whole, step: 5 }, 10],
    [7, -1, { ...whole, step: 5 }, 5],
    [0.2, 1, { ...whole, step: 0.1, minimum: 0 }, 0.3],
    [1e-4, 1, rate, 2e-4],
    [5e-4, 1, rate, 1e-3],
    [1e-3, -1, rate, 5e-4],
    [3e-4, 1, rate, 5e-4],
    [3e-4, -1, rate, 2e-4],
    [1e-4, 3, rate, 1e-3],
  ])('goes from %d by %d', (value, steps, rules, expected) => expect(stepped(value, steps, rules)).toBe(expected));

  it.each([
    ['1e-4', rate, { value: 1e-4 }],
    ['1,024', { ...whole, maximum: 4096 }, { value: 1024 }],
    ['−3', { ...whole, minimum: -5 }, { value: -3 }],
    ['', whole, { problem: 'number' }],
    ['a lot', whole, { problem: 'number' }],
    ['1.5', whole, { problem: 'integer' }],
    ['0', whole, { problem: 'low' }],
    ['513', whole, { problem: 'high' }],
  ])('reads “%s”', (text, rules, expected) => expect(parsed(text, rules)).toEqual(expected));
});

describe('a table', () => {
  const columns: TableColumn<{ name: string; loss: number | null }>[] = [
    { key: 'name', title: '', value: ({ name }) => name },
    { key: 'loss', title: '', value: ({ loss }) => loss },
  ];
  const rows = [
    { name: 'run 10', loss: null },
    { name: 'run 9', loss: 2 },
    { name: 'Run 1', loss: 1 },
  ];
  const names = (key: string, down: boolean): string[] =>
    sortedRows(rows, columns, { key, down }).map(({ name }) => name);

  it('sorts numbers in names as numbers, and what is not known last', () => {
    expect(names('name', false)).toEqual(['Run 1', 'run 9', 'run 10']);
    expect(names('loss', false)).toEqual(['Run 1', 'run 9', 'run 10']);
    expect(names('loss', true)).toEqual(['run 9', 'Run 1', 'run 10']);
    expect(sortedRows(rows, columns, null)).toBe(rows);
  });

  const order = ['a', 'b', 'c', 'd'];
  it.each([
    [['a'], 'c', 'a', 'one', ['c']],
    [['a'], 'c', 'a', 'toggle', ['a', 'c']],
    [['a', 'c'], 'c', 'a', 'toggle', ['a']],
    [['b'], 'd', 'b', 'extend', ['b', 'c', 'd']],
    [['c'], 'a', 'c', 'extend', ['a', 'b', 'c']],
    [[], 'c', null, 'extend', ['c']],
    [['x'], 'c', 'gone', 'extend', ['c']],
  ] as const)('chooses rows (%s, %s from %s, %s)', (now, id, anchor, how, expected) => {
    expect(chosen(now, order, id, anchor, how)).toEqual(expected);
  });
});

describe('the palette', () => {
  const entries = ['Go to Runs', 'New run', 'Import data'].map((title) => ({
    id: title,
    title,
    kind: '',
    run: () => undefined,
  }));
  it.each([
    ['', ['Go to Runs', 'New run', 'Import data']],
    ['new', ['New run']],
    ['run', ['Go to Runs', 'New run']],
    ['run go', ['Go to Runs']],
    ['port', ['Import data']],
    ['zebra', []],
  ])('finds “%s”', (query, titles) => expect(found(entries, query).map(({ title }) => title)).toEqual(titles));
});

it('choices stand in groups, those without one first', () => {
  const groups = grouped([
    { value: 'a', label: 'A', group: 'Low rank' },
    { value: 'b', label: 'B' },
    { value: 'c', label: 'C', group: 'Low rank' },
  ]);
  expect(groups.map(({ name, choices }) => [name, choices.map(({ value }) => value)])).toEqual([
    ['', ['b']],
    ['Low rank', ['a', 'c']],
  ]);
});

it('what goes to main is a copy without proxies, with typed arrays as they are', () => {
  const numbers = new Float64Array([1]);
  const nested = new Proxy({ list: new Proxy([{ a: 1 }], {}), none: undefined, empty: null, numbers }, {});
  expect(structuredClone(plain(nested))).toEqual({ list: [{ a: 1 }], empty: null, numbers });
  expect((plain(nested) as { numbers: Float64Array }).numbers).toBe(numbers);
});
