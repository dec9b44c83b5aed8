import { createPinia, setActivePinia } from 'pinia';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Notice } from '../../../preload/contract/notices.ts';
import type { RunState, RunSummary } from '../../../preload/contract/runs.ts';

const run = (id: string, state: RunState): RunSummary => ({ id, state, createdAt: 0 }) as RunSummary;
let main: RunSummary[];
let tell: (notice: Notice) => void;
/** Lets the answer to a list go. */
let answer: () => void;

beforeEach(async () => {
  main = [];
  const list = () => {
    const value = [...main];
    return new Promise((resolve) => (answer = () => resolve({ ok: true, value })));
  };
  vi.stubGlobal('window', {
    rankwise: { door: 'browser', api: { runs: { list } }, listen: (listener: typeof tell) => void (tell = listener) },
  });
  vi.resetModules();
  setActivePinia(createPinia());
});
afterEach(() => void vi.unstubAllGlobals());

async function opened() {
  const { listenToMain } = await import('../../../renderer/src/notices.ts');
  listenToMain();
  return (await import('../../../renderer/src/stores/runs.ts')).useRuns();
}

describe('runs as main tells them', () => {
  it('are not undone by the answer to a call, which may come after a newer notice', async () => {
    const runs = await opened();
    runs.put(run('a', 'queued'));
    expect(runs.byId('a')?.state).toBe('queued');
    tell({ topic: 'run', run: run('a', 'failed') });
    runs.put(run('a', 'running'));
    expect(runs.byId('a')?.state).toBe('failed');
  });

  it('are not undone by a list that was asked for before', async () => {
    const runs = await opened();
    main = [run('a', 'running'), run('b', 'running')];
    const loaded = runs.load();
    tell({ topic: 'run', run: run('a', 'finished') });
    answer();
    await loaded;
    expect(runs.list.map(({ id, state }) => [id, state])).toEqual([['a', 'finished'], ['b', 'running']]); // prettier-ignore

    main = [run('a', 'paused')];
    const again = runs.load();
    answer();
    await again;
    expect(runs.list.map(({ id, state }) => [id, state])).toEqual([['a', 'paused']]);
  });
});
