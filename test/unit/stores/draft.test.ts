import { createPinia, setActivePinia } from 'pinia';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { RunDraft } from '../../../preload/contract/api.ts';
import { parseRunFile } from '../../../preload/contract/run-file.ts';

const MANY = 1000;
let bytesOf: (draft: RunDraft) => number;
const answer = <T>(value: T) => ({ ok: true as const, value });
const budgetOf = ({ device }: RunDraft): number =>
  Number((device as { memoryBudget?: number } | undefined)?.memoryBudget ?? MANY);

/** A planner with one way to fit: fewer steps, so that a way can be told from another. */
const api = {
  methods: { registry: async () => answer({ methods: [{ name: 'beside', parameters: [] }], architectures: [] }) },
  runs: {
    parse: async ({ text }: { text: string }) => answer(parseRunFile(JSON.parse(text))),
    plan: async ({ draft }: { draft: RunDraft }) =>
      answer({ plan: { fits: bytesOf(draft) <= budgetOf(draft), budgetBytes: budgetOf(draft) } }),
    solve: async ({ draft }: { draft: RunDraft }) =>
      answer([{ method: 'beside', file: draft, kept: [], recommended: true, fits: true, planBytes: bytesOf(draft) }]),
  },
};

beforeEach(() => {
  bytesOf = () => 10;
  vi.useFakeTimers();
  vi.stubGlobal('window', { rankwise: { door: 'browser', api, listen: () => () => undefined } });
  setActivePinia(createPinia());
});
afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

async function begun() {
  const { useDraft } = await import('../../../renderer/src/stores/draft.ts');
  const draft = useDraft();
  await draft.begin();
  draft.chooseModel({ id: 'small' });
  draft.chooseData('whales');
  await vi.runAllTimersAsync();
  return draft;
}

describe('the ways to fit a budget', () => {
  it('are those of the run as it stands, also when it was changed while nobody looked at them', async () => {
    const draft = await begun();
    draft.optionsWanted = true;
    await vi.runAllTimersAsync();
    expect(draft.options?.map(({ planBytes }) => planBytes)).toEqual([10]);

    draft.optionsWanted = false;
    bytesOf = () => 20;
    draft.set('training.steps', 77);
    await vi.runAllTimersAsync();
    expect(draft.fits).toBe(true);
    expect(draft.options).toBeNull();

    draft.optionsWanted = true;
    await vi.runAllTimersAsync();
    expect(draft.options?.map(({ planBytes, file }) => [planBytes, file.training?.steps])).toEqual([[20, 77]]);
  });

  it('cannot be applied while they are looked for again: they would bring back what was just changed', async () => {
    const draft = await begun();
    bytesOf = () => 2 * MANY;
    draft.set('training.steps', 5);
    await vi.runAllTimersAsync();
    expect(draft.fix?.file.training?.steps).toBe(5);

    draft.set('training.steps', 6);
    await vi.advanceTimersByTimeAsync(1);
    expect(draft.fix).toBeNull();
    await vi.runAllTimersAsync();
    expect(draft.fix?.file.training?.steps).toBe(6);
  });
});
