import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { RankwiseError } from '../../preload/contract/errors.ts';
import type { Notice } from '../../preload/contract/notices.ts';
import type { Task } from '../../preload/contract/tasks.ts';
import { metricsOf } from '../../main/services/metric-notices.ts';
import { NoticeHub } from '../../main/services/notices.ts';
import { TaskService } from '../../main/services/tasks.ts';

let hub: NoticeHub;
let told: Notice[];

beforeEach(() => {
  vi.useFakeTimers();
  hub = new NoticeHub();
  told = [];
  hub.subscribe((notice) => told.push(notice));
});
afterEach(() => vi.useRealTimers());

const memory = (run: string, step: number): Notice => ({ topic: 'memory', run, step, peakBytes: step, byCategory: {} });

describe('notices', () => {
  it('tell a state at once, then at most twenty times a second, always the newest', () => {
    for (let step = 0; step < 1000; step++) {
      hub.publish(memory('a', step));
      vi.advanceTimersByTime(1);
    }
    vi.advanceTimersByTime(100);
    const steps = told.map((notice) => (notice as { step: number }).step);
    expect(steps[0]).toBe(0);
    expect(steps.at(-1)).toBe(999);
    expect(steps.length).toBeLessThanOrEqual(21);
  });

  it('keep apart what belongs to different runs', () => {
    hub.publish(memory('a', 1));
    hub.publish(memory('b', 1));
    expect(told).toHaveLength(2);
  });

  it('lose no metric: steps are joined, ascending, with NaN where a series has none', () => {
    for (let step = 0; step < 10; step++) hub.publish(metricsOf('a', step, { loss: step }));
    hub.publish(metricsOf('a', 5, { evalLoss: 50 }));
    vi.advanceTimersByTime(50);
    expect(told).toHaveLength(2);
    expect(told[1]).toEqual({
      topic: 'metrics',
      run: 'a',
      steps: Float64Array.of(1, 2, 3, 4, 5, 6, 7, 8, 9),
      values: {
        loss: Float64Array.of(1, 2, 3, 4, 5, 6, 7, 8, 9),
        evalLoss: Float64Array.of(NaN, NaN, NaN, NaN, 50, NaN, NaN, NaN, NaN),
      },
    });
  });

  it('hold back nothing else', () => {
    for (let index = 0; index < 5; index++) hub.publish({ topic: 'changed', noun: 'runs' });
    expect(told).toHaveLength(5);
  });

  it('reach nobody who has stopped to listen', () => {
    const end = hub.subscribe(() => expect.unreachable());
    end();
    hub.publish(memory('a', 1));
  });
});

describe('tasks', () => {
  const states = (): Task['state'][] => told.flatMap((notice) => (notice.topic === 'task' ? [notice.task.state] : []));

  it('tell their progress and end with what the work made', async () => {
    const tasks = new TaskService(hub);
    const result = tasks.run('t', 'Counting', 'rows', async (progress) => {
      progress(3, 10);
      expect(tasks.list()).toEqual([
        { id: 't', title: 'Counting', state: 'running', done: 3, total: 10, unit: 'rows', error: null },
      ]);
      return 7;
    });
    await expect(result).resolves.toBe(7);
    expect(states()).toEqual(['running', 'done']);
    expect(told.at(-1)).toMatchObject({ task: { done: 3, total: 10 } });
    expect(tasks.list()).toEqual([]);
  });

  it('end with E_CANCELLED when they are cancelled, whatever the work throws', async () => {
    const tasks = new TaskService(hub);
    const result = tasks.run('t', 'Counting', 'rows', async (_, signal) => {
      await new Promise((_, reject) => signal.addEventListener('abort', () => reject(new Error('torn'))));
    });
    tasks.cancel('t');
    await expect(result).rejects.toMatchObject({ code: 'E_CANCELLED' });
    expect(states()).toEqual(['running', 'cancelled']);
  });

  it('keep the words of a failure', async () => {
    const tasks = new TaskService(hub);
    const result = tasks.run('t', 'Counting', 'rows', async () => {
      throw new RankwiseError('E_DATA', 'Line 3 is no JSON.', 'Mend it.');
    });
    await expect(result).rejects.toMatchObject({ code: 'E_DATA' });
    expect(told.at(-1)).toMatchObject({ task: { state: 'failed', error: { code: 'E_DATA', hint: 'Mend it.' } } });
  });

  it('have an id each', async () => {
    const tasks = new TaskService(hub);
    const end = Promise.withResolvers<void>();
    const first = tasks.run('t', 'Counting', 'rows', () => end.promise);
    await expect(tasks.run('t', 'Counting', 'rows', async () => 1)).rejects.toMatchObject({ code: 'E_TASK' });
    end.resolve();
    await first;
  });
});
