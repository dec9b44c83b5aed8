import type { Bridge, Result } from '../../preload/contract/api.ts';
import type { Notice } from '../../preload/contract/notices.ts';
import type { Project } from '../../preload/contract/projects.ts';
import type { MetricKey, RunSummary } from '../../preload/contract/runs.ts';
import type { Settings } from '../../preload/contract/system.ts';

type Answer = (input: never) => unknown;

/** Invented answers to the calls of the shell and of Home: for a look at the screens where no main process is. Never bundled. */
export function mockBridge(empty: boolean): Bridge {
  const listeners = new Set<(notice: Notice) => void>();
  const tell = (notice: Notice): void => listeners.forEach((listener) => listener(notice));
  Object.assign(window, { tell });
  let settings: Settings = {
    theme: new URLSearchParams(location.search).get('theme') === 'dark' ? 'dark' : 'light',
    language: 'en',
    memoryBudget: null,
    threads: 0,
    notifications: true,
    keepAwake: true,
    onClose: 'ask',
    hubAddress: null,
    hubOffline: false,
  };
  const runs = empty ? [] : [run('a', 'LoQT rank 32', 'loqt', 'running'), run('b', 'LoRA rank 16', 'lora', 'finished')];
  const projects = empty
    ? []
    : [project('p1', 'Whale stories', 2), project('p2', 'Support answers', 14), project('p3', 'Empty', 0)];

  const answers: Record<string, Answer> = {
    'projects.list': () => projects,
    'projects.create': ({ name }: { name: string }) => projects[projects.push(project(name, name, 0)) - 1],
    'runs.list': () => runs,
    'runs.series': ({ ids, keys }: { ids: string[]; keys: MetricKey[] }) =>
      ids.flatMap((id, i) => keys.map((key) => ({ run: id, key, ...curve(600, i), count: 600 }))),
    'queue.get': () => ({
      running: 'a',
      waiting: [],
      held: false,
      rules: { window: null, pauseOutside: false },
      waitsFor: null,
      disk: null,
    }),
    'tasks.list': () =>
      empty
        ? []
        : [
            {
              id: 't',
              title: 'Importing moby.jsonl',
              state: 'running',
              done: 3e6,
              total: 1.2e7,
              unit: 'bytes',
              error: null,
            },
          ],
    'system.settings': () => settings,
    'system.change': (part: Partial<Settings>) => (settings = { ...settings, ...part }),
    'system.info': () => ({
      isa: 'AVX-512 with bfloat16',
      cores: 8,
      memoryBytes: 2 ** 34,
      backends: [{ name: 'cpu', available: true, reason: '' }],
      engine: { up: true, reason: '' },
    }),
    'sample.start': () => {
      runs.push(run('a', 'LoQT', 'loqt', 'running'), run('b', 'LoRA', 'lora', 'queued'));
      return { project: 'p1', runs: ['a', 'b'] };
    },
  };
  setInterval(() => {
    for (const each of runs)
      if (each.state === 'running') tell({ topic: 'run', run: Object.assign(each, { step: each.step + 1 }) });
  }, 1000);

  const noun = (name: string): unknown =>
    new Proxy(
      {},
      { get: (_, method: string) => async (input: unknown) => result(answers[`${name}.${method}`], input) },
    );
  return {
    door: 'browser',
    api: new Proxy({}, { get: (_, name: string) => noun(name) }) as Bridge['api'],
    admit: async ({ name, size }) => ({
      ok: true,
      value: { handle: name, name, path: `~/${name}`, folder: false, bytes: size },
    }),
    listen: (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}

function result(answer: Answer | undefined, input: unknown): Result<unknown> {
  if (answer) return { ok: true, value: structuredClone(answer(input as never)) };
  return {
    ok: false,
    error: { code: 'E_CALL', message: 'The mock does not know this call.', hint: 'See renderer/dev/mock.ts.' },
  };
}

/** A loss that falls from 5.5 with some noise, the same at every call. */
export function curve(
  steps: number,
  seed: number,
): { steps: Float64Array; minimum: Float64Array; maximum: Float64Array } {
  let state = 7 + seed;
  const noise = (): number => (state = (state * 16807) % 2147483647) / 2147483647 - 0.5;
  const y = Float64Array.from(
    { length: steps },
    (_, i) => 1.6 + seed * 0.12 + 3.9 * Math.exp(-i / (70 + 25 * seed)) + 0.25 * noise(),
  );
  return { steps: Float64Array.from(y, (_, i) => i), minimum: y, maximum: y };
}

function run(id: string, name: string, method: string, state: RunSummary['state']): RunSummary {
  const spark = [...curve(48, 1).minimum];
  return {
    ...{
      id,
      name,
      project: 'p1',
      state,
      asked: null,
      preparing: null,
      method,
      methodTitle: method === 'loqt' ? 'LoQT' : 'LoRA',
    },
    ...{ model: 'llama-tiny', data: 'moby.txt', createdAt: Date.now() - 9e5, endedAt: null, step: 231, steps: 600 },
    ...{ loss: 1.874, evalLoss: 1.902, bestEvalLoss: 1.9, tokensPerSecond: 63_400, seconds: 41 },
    ...{ timeLeft: state === 'running' ? { seconds: 71, plusMinus: 6 } : null, planBytes: 4.1e7, peakBytes: 4.1e7 },
    ...{ pinned: false, tags: [], note: '', parent: null, reproduces: null, parameterHash: null, spark, error: null },
  };
}

function project(id: string, name: string, count: number): Project {
  const best = {
    run: 'a',
    name: 'LoQT rank 32',
    loss: 1.87,
    evalLoss: 1.902,
    spark: [...curve(48, count % 3).minimum],
  };
  const times = { createdAt: Date.now() - 9e8, changedAt: Date.now() - count * 4e6 };
  return {
    id,
    name,
    ...times,
    runs: count,
    active: count === 2 ? 1 : 0,
    diskBytes: count * 3.3e7,
    best: count > 0 ? best : null,
  };
}
