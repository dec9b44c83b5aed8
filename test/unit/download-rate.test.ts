import { describe, expect, it } from 'vitest';
import { rateOf, withMoment, type Moment } from '../../renderer/src/pages/models/hub/download-rate.ts';

const after = (moments: readonly Moment[]): Moment[] =>
  moments.reduce<Moment[]>((known, moment) => withMoment(known, moment), []);

describe('the rate of a download', () => {
  it('is not told before there is enough to tell', () => {
    expect(rateOf([], 0)).toBeNull();
    expect(
      rateOf(
        after([
          { at: 0, done: 0 },
          { at: 1000, done: 10 },
        ]),
        1000,
      ),
    ).toBeNull();
  });

  it('is that of the last seconds', () => {
    const slow = Array.from({ length: 20 }, (_, i) => ({ at: i * 1000, done: i * 10 }));
    expect(rateOf(after(slow), 19_000)).toBe(10);
    const fast = Array.from({ length: 20 }, (_, i) => ({ at: 20_000 + i * 1000, done: 200 + i * 1000 }));
    expect(rateOf(after([...slow, ...fast]), 39_000)).toBe(1000);
    // Nothing has come since.
    expect(rateOf(after(fast), 60_000)).toBe(0);
  });

  it('begins anew where a file is begun anew', () => {
    const anew = [
      { at: 0, done: 500 },
      { at: 2000, done: 900 },
      { at: 2100, done: 0 },
    ];
    expect(rateOf(after(anew), 2100)).toBeNull();
    expect(rateOf(after([...anew, { at: 4100, done: 200 }]), 4100)).toBe(100);
  });
});
