import { describe, expect, it } from 'vitest';
import type { Method } from '../../preload/contract/methods.ts';
import type { Fit } from '../../preload/contract/models.ts';
import { parseRunFile } from '../../preload/contract/run-file.ts';
import { cutLosses } from '../../renderer/src/pages/data/cut-losses.ts';
import { sameMapping, withRole } from '../../renderer/src/pages/data/mapping.ts';
import { verdictOf } from '../../renderer/src/pages/models/verdict.ts';
import { fromNotch, NOTCHES, toNotch } from '../../renderer/src/pages/new-run/budget-scale.ts';
import { chosenModel, modelChoice, promptsOf, promptText } from '../../renderer/src/pages/new-run/chosen.ts';
import { pickMethod, type Answers, type Candidate } from '../../renderer/src/pages/new-run/method-choice.ts';
import { methodSettings, neighbours, storageSetting, worded } from '../../renderer/src/pages/new-run/settings.ts';
import { blankDraft, runDraft, withMethod, withValue } from '../../renderer/src/stores/draft-file.ts';

const method = (name: string, parts: Partial<Method['parts']>, more: Partial<Method> = {}): Method => ({
  name,
  title: name.toUpperCase(),
  summary: '',
  citation: '',
  parts: {
    storage: 'dense',
    delta: 'none',
    update: 'direct',
    optimizer: '',
    events: 'none',
    initializer: 'none',
    ...parts,
  },
  storages: ['dense'],
  defaultStorage: 'dense',
  parameters: [],
  ...more,
});
const rank = { name: 'rank', type: 'integer' as const, default: 16, minimum: 1, maximum: 64, help: '' };
const plain = method('plain', {});
const folding = method(
  'folding',
  { delta: 'low-rank', events: 'merge', initializer: 'gradient' },
  { parameters: [{ ...rank, maximum: 32 }] },
);
const beside = method(
  'beside',
  { delta: 'low-rank', initializer: 'zero' },
  { storages: ['dense', 'nf4'], parameters: [rank] },
);
const methods = [folding, beside, plain];

const draft = blankDraft(parseRunFile({ model: { id: '-' }, data: { train: '-' }, method: { name: 'beside' } }));

describe('a draft', () => {
  it('has no model and data at first, and is a run file once it has them', () => {
    expect(draft).toMatchObject({ model: null, data: { train: '' } });
    const made = withValue({ ...draft, model: modelChoice('preset:tiny') }, 'data.train', 'whales');
    expect(parseRunFile(runDraft(made))).toMatchObject({ model: { preset: 'tiny' }, data: { train: 'whales' } });
  });

  it('keeps what belongs together', () => {
    const layerwise = withValue(
      withValue(draft, 'training.gradientAccumulation', 4),
      'optimizer.perLayerUpdates',
      true,
    );
    expect(layerwise.training).toMatchObject({ clipNorm: null, gradientAccumulation: 1 });
    expect(withValue(layerwise, 'optimizer.perLayerUpdates', false).training.clipNorm).toBe(1);
    const patient = withValue(draft, 'training.earlyStopping.patience', 3);
    expect(patient.training.earlyStopping).toEqual({ patience: 3 });
    expect(withValue(patient, 'training.earlyStopping.patience', null).training.earlyStopping).toBeNull();
    expect(draft.training.earlyStopping).toBeNull();
  });

  it('takes to another method what that allows, and its storage', () => {
    const set = withValue(withValue(draft, 'method.rank', 24), 'storage.weights', 'nf4');
    expect(withMethod(set, folding)).toMatchObject({ method: { name: 'folding', rank: 24 } });
    expect(withMethod(set, folding).storage).not.toHaveProperty('weights');
    expect(withMethod(withValue(set, 'method.rank', 48), folding).method).toEqual({ name: 'folding' });
    expect(withMethod(set, plain).method).toEqual({ name: 'plain' });
  });
});

describe('the three questions', () => {
  const candidate = (name: string, storage: string, planBytes: number, fits = true): Candidate => ({
    method: name,
    storage,
    planBytes,
    fits,
  });
  const all = [
    candidate('folding', 'dense', 50),
    candidate('beside', 'dense', 40),
    candidate('beside', 'nf4', 20),
    candidate('plain', 'dense', 90),
  ];
  const answered = (result: Answers['result'], start: Answers['start'], scarce: Answers['scarce']) =>
    pickMethod(methods, all, { result, start, scarce });

  it('are answered by the parts of the methods', () => {
    expect(answered('adapter', 'trained', 'memory')).toMatchObject({
      method: 'beside',
      storage: 'nf4',
      because: 'adapterSmall',
    });
    expect(answered('adapter', 'trained', 'time')).toMatchObject({ method: 'beside', storage: 'dense' });
    expect(answered('model', 'trained', 'memory')).toMatchObject({ method: 'folding', because: 'modelSmall' });
    expect(answered('model', 'random', 'time')).toMatchObject({ method: 'plain', because: 'modelPlain' });
    expect(answered('adapter', 'random', 'time')).toMatchObject({ method: 'plain', because: 'randomNeedsModel' });
  });

  it('prefer what fits', () => {
    const tight = all.map((each) => ({ ...each, fits: each.planBytes < 60 }));
    const answers: Answers = { result: 'model', start: 'trained', scarce: 'time' };
    expect(pickMethod(methods, tight, answers)).toMatchObject({ method: 'folding', because: 'onlyFit' });
    expect(pickMethod(methods, [], answers)).toBeNull();
  });
});

describe('settings', () => {
  it('of a method come from the registry', () => {
    expect(methodSettings(beside)).toEqual([
      expect.objectContaining({
        path: 'method.rank',
        label: 'Rank',
        kind: 'integer',
        minimum: 1,
        maximum: 64,
        default: 16,
      }),
    ]);
    expect(storageSetting(beside)).toMatchObject({ choices: ['dense', 'nf4'], default: 'dense' });
    expect(storageSetting(plain)).toBeNull();
    expect(worded('quantizeProjector')).toBe('Quantize projector');
  });

  it('have neighbours inside their bounds', () => {
    const integer = { path: 'x', kind: 'integer' as const, minimum: 1, maximum: 20 };
    expect(neighbours(integer, 8)).toEqual([4, 16]);
    expect(neighbours(integer, 15)).toEqual([]);
    expect(neighbours(integer, 1)).toEqual([2]);
    expect(neighbours({ path: 'x', kind: 'boolean' }, true)).toEqual([false]);
    expect(neighbours({ path: 'x', kind: 'choice', choices: ['32', '16', '8'] }, 16)).toEqual(['32', '8']);
  });
});

describe('what the screens work out', () => {
  it('the budget slider reaches every size, the ends exactly', () => {
    const most = 24 * 2 ** 30;
    expect(fromNotch(NOTCHES, most)).toBe(most);
    expect(toNotch(most, most)).toBe(NOTCHES);
    expect(toNotch(1, most)).toBe(0);
    for (let notch = 1; notch < NOTCHES; notch++)
      expect(fromNotch(notch, most)).toBeGreaterThanOrEqual(fromNotch(notch - 1, most));
    expect(Math.abs(fromNotch(toNotch(2 ** 32, most), most) / 2 ** 32 - 1)).toBeLessThan(0.07);
  });

  it('models and prompts there and back', () => {
    for (const id of ['preset:tiny', 'folder-1']) expect(chosenModel(modelChoice(id))).toBe(id);
    expect(chosenModel({ path: '/models/whale' })).toBe('/models/whale');
    expect(promptsOf('Call me\n\n Q:\\nA:')).toEqual(['Call me', ' Q:\nA:']);
    expect(promptsOf(promptText(['a\nb', 'c']))).toEqual(['a\nb', 'c']);
  });

  it('what a cut costs', () => {
    const lengths = Float64Array.of(10, 20, 40);
    const counts = Float64Array.of(2, 3, 1);
    expect(cutLosses(lengths, counts, 40)).toEqual({ rows: 0, tokens: 0, share: 0 });
    expect(cutLosses(lengths, counts, 15)).toEqual({ rows: 4, tokens: 40, share: 40 / 120 });
  });

  it('a role belongs to one column', () => {
    expect(withRole({ a: 'prompt', b: 'completion' }, 'c', 'prompt')).toEqual({ b: 'completion', c: 'prompt' });
    expect(withRole({ a: 'prompt' }, 'a', null)).toEqual({});
    expect(sameMapping({ a: 'prompt', b: 'text' }, { b: 'text', a: 'prompt' })).toBe(true);
  });

  it('what fits', () => {
    const fit = (planBytes: number, fits: boolean): Fit => ({ method: 'm', title: 'M', planBytes, fits, error: null });
    expect(verdictOf([fit(5, true), fit(3, true)])).toMatchObject({ what: 'all', least: { planBytes: 3 } });
    expect(verdictOf([fit(9, false), fit(3, true)])).toMatchObject({ what: 'some' });
    expect(verdictOf([fit(9, false)])).toMatchObject({ what: 'none' });
    expect(verdictOf([{ ...fit(0, false), error: { code: 'E', message: '', hint: '' } }])).toEqual({
      what: 'unknown',
      least: null,
    });
  });
});
