import { describe, expect, it } from 'vitest';
import { roundTop } from '../../renderer/src/components/charts/bars.ts';
import { bakedBytes, bakedName } from '../../renderer/src/pages/adapters/bake-plan.ts';
import { layerParts } from '../../renderer/src/pages/adapters/layer-names.ts';
import { lineageOf } from '../../renderer/src/pages/adapters/lineage.ts';
import { certaintyOf } from '../../renderer/src/pages/playground/marking.ts';
import { visible } from '../../renderer/src/pages/playground/visible.ts';
import { changedWords, touched } from '../../renderer/src/pages/playground/word-marks.ts';

const marked = (reference: string, text: string): string[] =>
  changedWords(reference, text).map(({ from, to }) => text.slice(from, to));

describe('words that differ between answers', () => {
  it('are those that are not in the reference in that order', () => {
    expect(marked('the whale swam away', 'the whale swam away')).toEqual([]);
    expect(marked('the whale swam away', 'the old whale swam home')).toEqual(['old', 'home']);
    expect(marked('a b c d', 'd a b c')).toEqual(['d']);
    expect(marked('', 'all of it')).toEqual(['all', 'of', 'it']);
    expect(marked('all of it', '')).toEqual([]);
  });

  it('are all after the first difference where the texts are too long to be compared word by word', () => {
    const long = Array.from({ length: 2100 }, (_, i) => `w${i}`);
    const changed = ['same', 'other', ...long].join(' ');
    expect(marked(['same', ...long].join(' '), changed)).toHaveLength(2101);
  });

  it('mark the tokens that touch them, whatever tokens words are made of', () => {
    const pieces = ['the', ' o', 'ld', ' whale', '', ' swam'].map((text) => ({ text }));
    const text = pieces.map((piece) => piece.text).join('');
    expect(touched(pieces, changedWords('the whale swam', text))).toEqual([false, true, true, false, false, false]);
    expect(touched(pieces, [])).toEqual(pieces.map(() => false));
  });
});

describe('a token', () => {
  it('shows what cannot be seen', () => {
    expect([' whale', '\n', ''].map(visible)).toEqual(['␣whale', '⏎', '…']);
  });
  it('is sure, unsure or a guess', () => {
    expect([1, 0.5, 0.49, 0.1, 0.09, 0].map(certaintyOf)).toEqual([
      'sure',
      'sure',
      'unsure',
      'unsure',
      'guess',
      'guess',
    ]);
  });
});

describe('where an adapter comes from', () => {
  const adapter = {
    id: 'a',
    name: 'Voice',
    base: 'm',
    baseName: 'Base',
    run: 'r2',
    parents: [{ run: 'r1', name: 'First' }],
  };
  const names: Record<string, string> = { r1: 'First', r2: 'Second' };
  const told = (baseRun: string | null, known = names): (string | null)[][] =>
    lineageOf(adapter, baseRun, (id) => known[id]).map(({ kind, id, name }) => [kind, id, name]);

  it('goes from the base over the runs to itself', () => {
    expect(told(null)).toEqual([
      ['model', 'm', 'Base'],
      ['run', 'r1', 'First'],
      ['run', 'r2', 'Second'],
      ['adapter', 'a', 'Voice'],
    ]);
  });
  it('has a base that a run left after that run', () => {
    expect(told('r1').map(([kind]) => kind)).toEqual(['run', 'model', 'run', 'adapter']);
  });
  it('names runs that are gone, without a way to them', () => {
    expect(told(null, { r2: 'Second' })[1]).toEqual(['run', null, 'First']);
  });
});

describe('baking', () => {
  it('finds a name that is free', () => {
    expect(bakedName('Base', 'Voice', [])).toBe('Base + Voice');
    expect(bakedName('Base', 'Voice', ['Base + Voice', 'Base + Voice 2'])).toBe('Base + Voice 3');
  });
  it('knows what it will take', () => {
    expect([bakedBytes(1000, 'bfloat16'), bakedBytes(1000, 'float32')]).toEqual([2000, 4000]);
  });
});

describe('the norms of layers', () => {
  it('stand in blocks', () => {
    expect(layerParts('model.layers.12.self_attn.q_proj')).toEqual({ block: '12', part: 'q_proj' });
    expect(layerParts('model.layers.3.mlp.down_proj.weight')).toEqual({ block: '3', part: 'down_proj' });
    expect(layerParts('lm_head')).toEqual({ block: '', part: 'lm_head' });
  });
  it('end at a round number', () => {
    expect([0, 0.0087, 1, 1.146, 99, 100, Number.NaN].map(roundTop)).toEqual([1, 0.01, 1, 1.25, 100, 100, 1]);
  });
});
