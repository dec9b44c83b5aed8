import { describe, expect, expectTypeOf, it, vi } from 'vitest';
import { dispatch } from '../../main/api/dispatch.ts';
import type { Api } from '../../preload/contract/api.ts';
import { callsOver } from '../../preload/contract/calls.ts';
import { CALLS, type Noun } from '../../preload/contract/channels.ts';
import { RankwiseError } from '../../preload/contract/errors.ts';
import { REQUESTS, type Input } from '../../preload/contract/requests.ts';
import { decodeWire, encodeWire } from '../../preload/contract/wire.ts';

type Inputs = { [N in Noun]: { [M in keyof Api[N]]: Input<Api[N][M]> } };
type Accepted = {
  [N in Noun]: { [M in keyof Api[N]]: M extends keyof (typeof REQUESTS)[N] ? InputOf<(typeof REQUESTS)[N][M]> : never };
};
type InputOf<S> = S extends { _zod: { input: infer I } } ? I : never;

const apiWith = (nouns: unknown): Api => nouns as Api;

describe('the calls of the contract', () => {
  it('have a schema each, and no schema is left over', () => {
    const names = (table: Record<string, object>): string[] =>
      Object.entries(table)
        .flatMap(([noun, calls]) => Object.keys(calls).map((call) => `${noun}.${call}`))
        .sort();
    expect(names(REQUESTS)).toEqual(names(CALLS));
  });

  it('take everything that the contract allows', () => {
    expectTypeOf<Inputs>().toExtend<Accepted>();
  });

  it('are named functions that carry their noun, name and input', async () => {
    const carry = vi.fn(async () => ({ ok: true as const, value: 7 }));
    const calls = callsOver(carry);
    expect(await calls.runs.get({ id: 'r' })).toEqual({ ok: true, value: 7 });
    expect(carry).toHaveBeenCalledWith('runs', 'get', { id: 'r' });
    expect(Object.keys(calls).sort()).toEqual(Object.keys(CALLS).sort());
  });
});

describe('dispatch', () => {
  const rename = vi.fn(async (input: unknown) => input);
  const api = apiWith({ projects: { rename, list: async () => [] } });

  it('answers what the call answers, with its input as parsed', async () => {
    expect(await dispatch(api, 'projects', 'rename', { id: 'p', name: '  Moby  ' })).toEqual({
      ok: true,
      value: { id: 'p', name: 'Moby' },
    });
  });

  it.each([
    ['an unknown key', 'projects', 'rename', { id: 'p', name: 'x', path: '/etc' }, 'E_INPUT'],
    ['a missing key', 'projects', 'rename', { id: 'p' }, 'E_INPUT'],
    ['another type', 'projects', 'rename', { id: 'p', name: ['x'] }, 'E_INPUT'],
    ['an endless text', 'projects', 'rename', { id: 'p', name: 'x'.repeat(1000) }, 'E_INPUT'],
    ['an input where none is taken', 'projects', 'list', { all: true }, 'E_INPUT'],
    ['an unknown noun', 'shell', 'run', undefined, 'E_CALL'],
    ['an unknown call', 'projects', 'drop', undefined, 'E_CALL'],
    ['what every object has', 'projects', 'constructor', undefined, 'E_CALL'],
    ['a noun that every object has', '__proto__', 'toString', undefined, 'E_CALL'],
    ['names that are no text', { noun: 'projects' }, ['list'], undefined, 'E_CALL'],
  ])('refuses %s', async (_what, noun, method, input, code) => {
    rename.mockClear();
    expect(await dispatch(api, noun, method, input)).toMatchObject({ ok: false, error: { code } });
    expect(rename).not.toHaveBeenCalled();
  });

  it('names the key that does not fit', async () => {
    const input = { ids: ['a'], keys: ['loss', 'speed'], from: null, to: null, points: 10 };
    const result = await dispatch(apiWith({ runs: { series: rename } }), 'runs', 'series', input);
    expect(result).toMatchObject({
      error: { code: 'E_INPUT', message: expect.stringMatching(/^keys\.1: /) as string },
    });
  });

  it('keeps code and hint of what a call throws', async () => {
    const busy = apiWith({
      sample: {
        start: async () => {
          throw new RankwiseError('E_BUSY', 'It trains.', 'Wait.');
        },
      },
    });
    expect(await dispatch(busy, 'sample', 'start', undefined)).toEqual({
      ok: false,
      error: { code: 'E_BUSY', message: 'It trains.', hint: 'Wait.' },
    });
  });
});

describe('the wire of the browser’s door', () => {
  it.each([
    [
      'typed arrays',
      { steps: new Float64Array([0, NaN, -0.5, 1e300]), few: new Uint8Array([0, 255]), none: new Float64Array() },
    ],
    ['numbers that JSON lacks', [NaN, Infinity, -Infinity, 0.1]],
    ['keys that look like tags', { $f64: 'text', $number: { $$deep: 1 }, $: 2, plain: [{ $u8: 3 }] }],
    ['plain values', { a: null, b: [true, 'ü “quotes”', {}], c: '' }],
  ])('brings back %s', (_what, value) => {
    expect(decodeWire(encodeWire(value))).toEqual(value);
  });

  it('keeps the offset of a view', () => {
    expect(decodeWire(encodeWire(new Float64Array([1, 2, 3, 4]).subarray(1, 3)))).toEqual(new Float64Array([2, 3]));
  });

  it.each(['{"$f64":"AAAA"}', '{"$f64":7}', '{'])('refuses %s', (text) => {
    expect(() => decodeWire(text)).toThrow();
  });
});
