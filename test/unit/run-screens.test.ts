import { describe, expect, it } from 'vitest';
import type { RunEventRecord, RunSummary } from '../../preload/contract/runs.ts';
import { overStepsDone, stepsUnder } from '../../renderer/src/components/charts/axis.ts';
import { curveOf } from '../../renderer/src/components/charts/curve.ts';
import { extentOf, shareOf } from '../../renderer/src/components/charts/heat.ts';
import { normRows } from '../../renderer/src/pages/compare/norms.ts';
import { cellsOf, FIGURES } from '../../renderer/src/pages/compare/outcome.ts';
import { promptsOf, promptsOfRuns, worstFirst } from '../../renderer/src/pages/compare/prompts.ts';
import { idsOf } from '../../renderer/src/pages/compare/selection.ts';
import { controlsOf, isEnding } from '../../renderer/src/pages/run/controls.ts';
import { samplesByPrompt } from '../../renderer/src/pages/run/samples.ts';
import { gridOf, layerEvents, meansOf, shortLayer, signalsOf, wordsOf } from '../../renderer/src/pages/run/signals.ts';
import { facetsOf, filtered, filterOf, filterQuery, NO_FILTER } from '../../renderer/src/pages/runs/filter.ts';
import { gridWindow } from '../../renderer/src/pages/runs/grid-window.ts';
import { treeOf } from '../../renderer/src/pages/runs/tree.ts';

function run(id: string, part: Partial<RunSummary> = {}): RunSummary {
  const base = { id, name: id, project: 'p', state: 'finished', method: 'm', methodTitle: 'M', model: 'tiny' };
  const figures = { step: 10, steps: 10, loss: 2, evalLoss: 2, tokensPerSecond: 100, seconds: 10, planBytes: 8 };
  const rest = { data: 'text', createdAt: 0, tags: [], note: '', pinned: false, parent: null, peakBytes: 7 };
  return { ...base, ...figures, ...rest, ...part } as unknown as RunSummary;
}

function event(id: number, kind: string, step: number, body: RunEventRecord['body']): RunEventRecord {
  return { id, kind, step, at: null, body };
}

describe('finding runs', () => {
  const runs = [run('a', { name: 'Whale', tags: ['good'] }), run('b', { note: 'café', pinned: true }), run('c')];
  const find = (part: Partial<typeof NO_FILTER>): string[] =>
    filtered(runs, { ...NO_FILTER, ...part }).map(({ id }) => id);

  it('puts pinned ones first', () => expect(find({})).toEqual(['b', 'a', 'c']));
  it('wants every word, anywhere, whatever case and accents', () => {
    expect(find({ text: 'WHA good' })).toEqual(['a']);
    expect(find({ text: 'cafe' })).toEqual(['b']);
    expect(find({ text: 'whale cafe' })).toEqual([]);
  });
  it('narrows by tag and state', () => {
    expect(find({ tag: 'good' })).toEqual(['a']);
    expect(find({ state: 'failed' })).toEqual([]);
  });
  it('goes through an address and back', () => {
    const filter = { ...NO_FILTER, text: 'a b', tag: 'x' };
    expect(filterQuery(filter)).toEqual({ text: 'a b', tag: 'x' });
    expect(filterOf(filterQuery(filter))).toEqual(filter);
  });
  it('offers what occurs', () =>
    expect(facetsOf(runs)).toEqual({ states: ['finished'], tags: ['good'], methods: [{ name: 'm', title: 'M' }] }));
});

describe('the tree of forks', () => {
  const child = run('child', { parent: { run: 'root', step: 5 }, createdAt: 2 });
  const grandchild = run('grandchild', { parent: { run: 'child', step: 7 }, createdAt: 3 });
  const lost = run('lost', { parent: { run: 'gone', step: 1 } });
  const rows = (folded: string[]) =>
    treeOf([grandchild, child, lost, run('root')], new Set(folded)).map(({ run: { id }, depth, descendants }) => [
      id,
      depth,
      descendants,
    ]);

  it('puts forks under what they came from, and orphans at the root', () =>
    expect(rows([])).toEqual([
      ['lost', 0, 0],
      ['root', 0, 2],
      ['child', 1, 1],
      ['grandchild', 2, 0],
    ]));
  it('leaves out what is folded in, and still counts it', () =>
    expect(rows(['root'])).toEqual([
      ['lost', 0, 0],
      ['root', 0, 2],
    ]));
});

describe('cards in view', () => {
  const size = { count: 500, columns: 4, rowHeight: 100, spare: 1 };
  it('are those of the rows in view and some around', () =>
    expect(gridWindow(size, 1000, 300)).toEqual({ first: 36, count: 20, above: 900, below: 11_100 }));
  it('end with the last card', () => {
    const { first, count, below } = gridWindow({ ...size, count: 10 }, 0, 900);
    expect([first, count, below]).toEqual([0, 10, 0]);
  });
});

describe('signals of layers', () => {
  const events = [
    event(1, 'warning', 0, { message: 'hm' }),
    event(2, 'act', 0, { layers: [{ name: 'model.layers.10.mlp.up', xAfter: 1, xBefore: 3 }] }),
    event(3, 'act', 5, { layers: [{ name: 'model.layers.2.mlp.up', xAfter: 2, xBefore: 6, overlap: 0.5 }] }),
  ];
  const telling = layerEvents(events);

  it('are whatever the events carry', () =>
    expect(signalsOf(telling)).toEqual([
      { name: 'x', keys: ['xBefore', 'xAfter'] },
      { name: 'overlap', keys: ['overlap'] },
    ]));
  it('stand in a grid of layers in natural order, with gaps where nothing was told', () => {
    const { layers, steps, values } = gridOf(telling, 'xAfter');
    expect(layers.map(shortLayer)).toEqual(['2 · up', '10 · up']);
    expect(steps).toEqual([0, 5]);
    expect([...values]).toEqual([NaN, 2, 1, NaN]);
  });
  it('have a mean over the layers that told', () => expect([...meansOf(gridOf(telling, 'xBefore'))]).toEqual([3, 6]));
  it('have a name where no text is written for them', () => expect(wordsOf('deltaNormRatio')).toBe('Delta norm ratio'));
  it('span from the lowest to the highest', () => {
    expect(extentOf(Float64Array.of(NaN, 3, 1))).toEqual({ low: 1, high: 3 });
    expect(extentOf(Float64Array.of(NaN))).toBeNull();
    expect([shareOf(2, { low: 1, high: 3 }), shareOf(1, { low: 1, high: 1 })]).toEqual([0.5, 0.5]);
  });
});

describe('samples', () => {
  it('are gathered by prompt, newest first', () => {
    const told = [
      event(1, 'sample', 10, { prompt: 'A', text: 'one' }),
      event(2, 'sample', 10, { prompt: 'B', text: 'two' }),
      event(3, 'sample', 20, { prompt: 'A', text: 'three' }),
    ];
    const [first, second] = samplesByPrompt(told);
    expect(first).toMatchObject({ prompt: 'A', samples: [{ text: 'three' }, { text: 'one' }] });
    expect(second).toMatchObject({ prompt: 'B', samples: [{ step: 10 }] });
  });
});

describe('what a run can be asked', () => {
  it('depends on its state', () => {
    expect(controlsOf('running')).toContain('checkpoint');
    expect(controlsOf('interrupted')).toContain('resume');
    expect(controlsOf('finished')).toEqual([]);
  });
  it('is nothing more once it is ending', () => {
    expect([isEnding('pause'), isEnding('checkpoint'), isEnding(null)]).toEqual([true, false, false]);
  });
});

describe('the outcome of a comparison', () => {
  const base = run('base');
  const other = run('other', { evalLoss: 1.5, tokensPerSecond: 80, seconds: 4 });
  const cell = (key: string, of: RunSummary) =>
    cellsOf(of, [base, other], base)[FIGURES.findIndex((each) => each.key === key)];

  it('is measured against the baseline', () => {
    expect(cell('evalLoss', other)).toEqual({ text: '1.500', delta: '−0.500', verdict: 'better', best: true });
    expect(cell('speed', other)).toMatchObject({ delta: '−20', verdict: 'worse', best: false });
    expect(cell('time', other)).toMatchObject({ delta: '−6.0 s', verdict: 'better' });
    expect(cell('peak', other)).toMatchObject({ delta: '±0', verdict: 'same', best: false });
  });
  it('holds the baseline against nothing', () => expect(cell('evalLoss', base)?.delta).toBe(''));
  it('says nothing of what is not known', () =>
    expect(cell('evalLoss', run('none', { evalLoss: null }))).toMatchObject({ text: '–', verdict: null }));
});

describe('what is compared', () => {
  it('stands in the address, each once, ten at most', () => {
    expect(idsOf({ runs: 'a,b,,a' })).toEqual(['a', 'b']);
    expect(idsOf({ ids: Array.from({ length: 12 }, (_, i) => `r${i}`).join() })).toHaveLength(10);
    expect(idsOf({})).toEqual([]);
  });
  it('begins with the prompts of the runs', () => {
    const settings = [{ setting: 'training.samples', values: [['A', 'B'], ['B'], null], differs: true }];
    expect(promptsOfRuns(settings)).toEqual(['A', 'B']);
    expect(promptsOf(' A \n\nB\nA')).toEqual(['A', 'B']);
  });
  it('shows the most different answers first', () => {
    const answered = (prompt: string, difference: number) => ({ prompt, answers: [], difference });
    const given = [answered('a', 0.1), answered('b', 0.9), answered('c', 0.1)];
    expect(worstFirst(given).map(({ prompt }) => prompt)).toEqual(['b', 'a', 'c']);
  });
  it('knows a layer that only one adapter changes', () =>
    expect(normRows([[{ layer: 'x', norm: 1 }], null, [{ layer: 'y', norm: 2 }]])).toEqual([
      { layer: 'x', values: [1, null, null] },
      { layer: 'y', values: [null, null, 2] },
    ]));
});

describe('axes of runs', () => {
  const scale = curveOf(Float64Array.of(1, 2, 3), Float64Array.of(100, 200, 300));
  it('count steps that are done', () =>
    expect([...overStepsDone(curveOf(Float64Array.of(0, 1), Float64Array.of(5, 4))).x]).toEqual([1, 2]));
  it('know which steps a part of them covers', () => {
    expect(stepsUnder({ from: 150, to: 250 }, scale)).toEqual({ from: 1.5, to: 2.5 });
    expect(stepsUnder({ from: 0, to: 999 }, scale)).toEqual({ from: 1, to: 3 });
    expect(stepsUnder({ from: 4, to: 6 }, undefined)).toEqual({ from: 4, to: 6 });
  });
});
