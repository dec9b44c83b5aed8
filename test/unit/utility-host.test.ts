import { beforeEach, describe, expect, it, vi } from 'vitest';
import type { ToEngine } from '../../main/engine/engine-process-messages.ts';
import type { EvalJob, TrainJob } from '../../main/engine/host.ts';
import { UtilityHost, type EngineChildListener } from '../../main/engine/utility-host.ts';

interface FakeChild {
  listener: EngineChildListener;
  heard: ToEngine[];
  killed: boolean;
}

const train = { kind: 'train' } as TrainJob;
const evaluate = { kind: 'eval' } as EvalJob;
const states: [boolean, string][] = [];
let children: FakeChild[];
let host: UtilityHost;

beforeEach(() => {
  states.length = 0;
  children = [];
  host = new UtilityHost(
    (listener) => {
      const child: FakeChild = { listener, heard: [], killed: false };
      children.push(child);
      return {
        pid: 1000 + children.length,
        send: (message) => void child.heard.push(message),
        kill: () => (child.killed = true),
      };
    },
    (up, reason) => states.push([up, reason]),
  );
});

const idOf = (message: ToEngine | undefined): number => (message as { id: number }).id;
const last = (child: FakeChild): ToEngine => child.heard.at(-1)!;

describe('the engine’s process', () => {
  it('is started by the first use, and once', () => {
    expect(children).toHaveLength(0);
    expect(host.pid).toBeUndefined();
    void host.info();
    void host.registry();
    expect(children).toHaveLength(1);
    expect(host.pid).toBe(1001);
  });

  it('is asked for the registry once', async () => {
    const first = host.registry();
    children[0]!.listener.onMessage({
      type: 'done',
      id: idOf(last(children[0]!)),
      value: { methods: [], presets: [] },
    });
    expect(await first).toEqual({ methods: [], presets: [] });
    await host.registry();
    expect(children[0]!.heard).toHaveLength(1);
  });

  it('hands events and requests to the job that they belong to', async () => {
    const events: unknown[] = [];
    const first = host.start(evaluate, (event) => events.push(event));
    const second = host.start(train);
    const [child] = children as [FakeChild];
    const ids = child.heard.map(idOf);
    child.listener.onMessage({ type: 'event', id: ids[0]!, event: { type: 'token', id: 7 } });
    second.ask('checkpoint');
    first.cancel();
    expect(events).toEqual([{ type: 'token', id: 7 }]);
    expect(child.heard.slice(2)).toEqual([
      { type: 'ask', id: ids[1], what: 'checkpoint' },
      { type: 'cancel', id: ids[0] },
    ]);
    child.listener.onMessage({
      type: 'failed',
      id: ids[0]!,
      error: { code: 'E_CANCELLED', message: 'Ended.', hint: '' },
    });
    await expect(first.result).rejects.toMatchObject({ code: 'E_CANCELLED', message: 'Ended.' });
    first.cancel();
    expect(child.heard).toHaveLength(4);
  });

  it('ends after a training run, but not while something else goes on', async () => {
    const evaluation = host.start(evaluate).result;
    const training = host.start(train).result;
    const [child] = children as [FakeChild];
    const [evaluationId, trainingId] = child.heard.map(idOf) as [number, number];
    child.listener.onMessage({ type: 'done', id: trainingId, value: { stopped: true } });
    await training;
    expect(last(child).type).toBe('start');
    child.listener.onMessage({ type: 'done', id: evaluationId, value: {} });
    await evaluation;
    const again = host.start(train).result;
    child.listener.onMessage({ type: 'done', id: idOf(last(child)), value: {} });
    await again;
    await vi.waitFor(() => expect(last(child)).toEqual({ type: 'exit' }));
    child.listener.onExit('status 0');
    expect(states).toEqual([]);
    void host.info();
    expect(children).toHaveLength(2);
  });

  it('that dies fails everything that it did, and the next use starts another', async () => {
    const jobs = [host.start(train).result, host.start(evaluate).result];
    children[0]!.listener.onExit('signal SIGSEGV');
    for (const job of jobs) await expect(job).rejects.toMatchObject({ code: 'E_ENGINE_DIED' });
    expect(states).toEqual([[false, 'The engine ended unexpectedly (signal SIGSEGV).']]);
    const info = host.info();
    children[1]!.listener.onMessage({ type: 'done', id: idOf(last(children[1]!)), value: {} });
    await info;
    expect(states.at(-1)).toEqual([true, '']);
  });

  it('that does not end when it is told to is killed', async () => {
    vi.useFakeTimers();
    const job = host.start(train).result;
    const closed = host.close();
    await expect(job).rejects.toMatchObject({ code: 'E_CANCELLED' });
    expect(children[0]!.killed).toBe(false);
    await vi.advanceTimersByTimeAsync(3000);
    expect(children[0]!.killed).toBe(true);
    children[0]!.listener.onExit('signal SIGKILL');
    await closed;
    vi.useRealTimers();
    expect(states).toEqual([]);
  });
});
