import { existsSync, readdirSync, readFileSync, rmSync, statSync, truncateSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { MemoryPlan } from '../../preload/contract/events.ts';
import type { Method } from '../../preload/contract/methods.ts';
import { doneOf, eventsOf, ofType, Terminal } from './command-line.ts';

const terminal = new Terminal();
afterAll(() => terminal.close());
const output = (name: string): string => path.join(terminal.folder, 'out', name);

/** A setting of every kind of method, small enough for the small model. */
const METHODS: [name: string, settings: Record<string, unknown>][] = [
  ['full', { method: { name: 'full' } }],
  ['full-f32', { method: { name: 'full' }, training: { precision: 'f32' } }],
  ['lora', { method: { name: 'lora', rank: 4 } }],
  ['qlora', { method: { name: 'lora', rank: 4, trainRest: true }, storage: { weights: 'nf4' } }],
  ['galore', { method: { name: 'galore', rank: 8, interval: 3 } }],
  ['loqt', { method: { name: 'loqt', rank: 8, interval: 3 } }],
];

describe('every method of the registry', () => {
  it('is tried here', async () => {
    const { methods } = await terminal.ask<{ methods: Method[] }>('methods');
    const tried = new Set(METHODS.map(([, settings]) => (settings.method as { name: string }).name));
    expect(new Set(methods.map((method) => method.name))).toEqual(tried);
  });

  it.each(METHODS)('%s: the plan is the peak, and the loss falls', async (name, settings) => {
    const file = terminal.runFile(name, { ...settings, training: { steps: 24, ...(settings.training as object) } });
    const plan = await terminal.ask<MemoryPlan>('plan', file);
    const events = await terminal.events('train', file);
    const done = doneOf(events);
    expect(plan).toMatchObject({ fits: true });
    expect(Object.values(plan.byCategory).reduce((sum, bytes) => sum + bytes, 0)).toBe(plan.planBytes);
    expect(ofType(events, 'start')[0]!.plan.planBytes).toBe(plan.planBytes);
    expect(done).toMatchObject({ planBytes: plan.planBytes, peakBytes: plan.planBytes, steps: 24 });
    const losses = ofType(events, 'step').map(({ loss }) => loss);
    expect(losses).toHaveLength(24);
    // A frozen random base cannot learn much through an adapter: falling is enough.
    expect(losses.slice(-4).reduce((a, b) => a + b)).toBeLessThan(losses.slice(0, 4).reduce((a, b) => a + b));
    expect(ofType(events, 'eval').length).toBeGreaterThan(0);
  });
});

describe('a run', () => {
  let reference: ReturnType<typeof doneOf>;
  const settings = { method: { name: 'loqt', rank: 8, interval: 4 }, training: { steps: 14 } };

  beforeAll(async () => {
    reference = doneOf(await terminal.events('train', terminal.runFile('reference', settings)));
  });

  it('tells its events in order, the same in events.jsonl', async () => {
    const events = await terminal.events('train', terminal.runFile('order', settings));
    expect(events[0]!.type).toBe('start');
    expect(ofType(events, 'step').map(({ step }) => step)).toEqual(Array.from({ length: 14 }, (_, i) => i));
    expect(ofType(events, 'event').map(({ kind }) => kind)).toContain('merge');
    const { stdout } = await terminal.start(['runs', 'list', '--json']);
    expect(JSON.parse(stdout)).toEqual(
      expect.arrayContaining([expect.objectContaining({ name: 'order', state: 'finished' })]),
    );
    const lines = eventsOf(readFileSync(path.join(output('order'), 'events.jsonl'), 'utf8'));
    expect(lines).toEqual(events);
  });

  it('ends with the same bits when it is made again', () => {
    expect(reference.parameterHash).toMatch(/^[0-9a-f]{64}$/);
    return expect(terminal.events('train', terminal.runFile('again', settings)).then(doneOf)).resolves.toMatchObject({
      parameterHash: reference.parameterHash,
      finalLoss: reference.finalLoss,
    });
  });

  it('ends with other bits under another seed', async () => {
    const other = doneOf(
      await terminal.events('train', terminal.runFile('seed', { ...settings, training: { steps: 14, seed: 1 } })),
    );
    expect(other.parameterHash).not.toBe(reference.parameterHash);
  });

  it('that is killed goes on from its checkpoint and ends with the same bits', async () => {
    const file = terminal.runFile('killed', settings);
    const killed = await terminal.start(['train', file, '--json'], (line, child) => {
      if (line.includes('"type":"step"') && line.includes('"step":8,')) child.kill('SIGKILL');
    });
    expect(killed.signal).toBe('SIGKILL');
    const done = doneOf(await terminal.events('resume', output('killed')));
    expect(done).toMatchObject({ parameterHash: reference.parameterHash, steps: 14 });
  });

  it.each(['SIGINT', 'SIGTERM'] as const)(
    'that gets %s writes a checkpoint, ends well, and goes on to the same bits',
    async (signal) => {
      const file = terminal.runFile(signal, settings);
      const stopped = await terminal.start(['train', file, '--json'], (line, child) => {
        if (line.includes('"type":"step"') && line.includes('"step":4,')) child.kill(signal);
      });
      expect(stopped.status).toBe(0);
      expect(eventsOf(stopped.stdout).at(-1)).toMatchObject({ type: 'done', stopped: true });
      expect(readdirSync(path.join(output(signal), 'checkpoints')).length).toBeGreaterThan(0);
      expect(doneOf(await terminal.events('resume', output(signal))).parameterHash).toBe(reference.parameterHash);
    },
  );

  it('whose newest checkpoint is damaged goes on from the one before', async () => {
    const file = terminal.runFile('damaged', settings);
    await terminal.start(['train', file, '--json'], (line, child) => {
      if (line.includes('"type":"step"') && line.includes('"step":10,')) child.kill('SIGKILL');
    });
    const newest = path.join(
      output('damaged'),
      'checkpoints',
      readdirSync(path.join(output('damaged'), 'checkpoints'))
        .sort()
        .at(-1)!,
    );
    const victim = readdirSync(newest)
      .map((name) => path.join(newest, name))
      .find((name) => name.endsWith('.safetensors'))!;
    truncateSync(victim, statSync(victim).size - 1);
    const events = await terminal.events('resume', output('damaged'));
    expect(ofType(events, 'warning').length).toBeGreaterThan(0);
    expect(doneOf(events).parameterHash).toBe(reference.parameterHash);
  });

  it('leaves a model folder that is complete', () => {
    for (const name of ['config.json', 'tokenizer.json', 'tokenizer_config.json']) {
      expect(existsSync(path.join(output('reference'), 'model', name))).toBe(true);
    }
    expect(readdirSync(path.join(output('reference'), 'model')).some((name) => name.endsWith('.safetensors'))).toBe(
      true,
    );
  });

  it('runs again from the run.json that it stored', async () => {
    const stored = terminal.json<{ output: string }>('out/reference/run.json');
    const again = terminal.file('stored.json', JSON.stringify({ ...stored, output: 'out/stored' }));
    expect(doneOf(await terminal.events('train', again)).parameterHash).toBe(reference.parameterHash);
  });

  it('does not depend on the cache of tokens', async () => {
    rmSync(path.join(terminal.folder, 'home', 'cache'), { recursive: true });
    expect(doneOf(await terminal.events('train', terminal.runFile('cold', settings))).parameterHash).toBe(
      reference.parameterHash,
    );
  });
});

describe('the budget', () => {
  it('is enforced to the byte', async () => {
    const { planBytes } = await terminal.ask<MemoryPlan>('plan', terminal.runFile('budget-free'));
    const fitting = terminal.runFile('budget-fits', { device: { memoryBudget: planBytes } });
    expect(doneOf(await terminal.events('train', fitting)).peakBytes).toBe(planBytes);
    const tight = terminal.runFile('budget-tight', {
      device: { memoryBudget: planBytes - 1 },
      training: { recompute: 'none' },
    });
    expect(await terminal.ask<MemoryPlan>('plan', tight)).toMatchObject({
      planBytes,
      fits: false,
      budgetBytes: planBytes - 1,
    });
    const refused = await terminal.start(['train', tight]);
    expect(refused.status).toBe(1);
    expect(refused.stderr).toContain('E_BUDGET');
  });
});
