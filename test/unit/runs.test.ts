import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createApp, type App } from '../../main/app.ts';
import { resolvePaths } from '../../main/paths.ts';
import type { TrainEvent } from '../../preload/contract/events.ts';
import { parseRunFile } from '../../preload/contract/run-file.ts';
import { FakeEngine } from './fake-engine.ts';

let folder: string;
let engine: FakeEngine;
let app: App;

beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'rankwise-unit-'));
  writeFileSync(path.join(folder, 'text.txt'), 'the whale and the sea and the whale '.repeat(60));
  engine = new FakeEngine();
  app = createApp(resolvePaths({ RANKWISE_HOME: path.join(folder, 'home') }), { engine });
});
afterEach(async () => {
  await app.close();
  rmSync(folder, { recursive: true, force: true });
});

const origin = () => ({ base: folder, folder, name: 'from-file' });
const runFile = (more: Record<string, unknown> = {}) =>
  parseRunFile({
    model: { preset: 'tiny' },
    data: { train: 'text.txt', sequenceLength: 16 },
    method: { name: 'ranked' },
    training: { steps: 4 },
    output: 'out',
    ...more,
  });
const services = () => app.open();
const inOutput = (name: string): string => path.join(folder, 'out', name);

describe('composing a run', () => {
  it('writes out what depends on method, model and place', async () => {
    const { run } = await (await services()).runs.plan(runFile(), origin());
    expect(run).toMatchObject({
      name: 'from-file',
      initialize: 'random',
      model: { preset: 'tiny', vocabSize: 300 },
      data: { train: path.join(folder, 'text.txt'), format: 'text' },
      method: { name: 'ranked', rank: 8, kind: 'a' },
      storage: { weights: 'nf4' },
      output: path.join(folder, 'out'),
    });
    expect(run.device.memoryBudget).toBeGreaterThan(0);
  });

  it('takes paths from the working folder first, then from beside the file', async () => {
    const { run } = await (await services()).runs.plan(runFile(), { ...origin(), base: tmpdir() });
    expect(run.data.train).toBe(path.join(folder, 'text.txt'));
  });

  it.each([
    [{ method: { name: 'rankedd' } }, 'no method “rankedd”', '“ranked”'],
    [{ method: { name: 'ranked', rnak: 3 } }, '“rnak” is not a setting of ranked', '“rank”'],
    [{ method: { name: 'ranked', rank: 65 } }, 'method.rank: must be at most 64', 'Width'],
    [{ method: { name: 'ranked', rank: 1.5 } }, 'method.rank: expected a whole number', ''],
    [{ method: { name: 'ranked', kind: 'c' } }, 'method.kind: expected one of a, b', ''],
    [{ method: { name: 'plain' }, storage: { weights: 'nf4' } }, 'plain does not train on “nf4”', 'dense'],
    [{ model: { preset: 'tinny' } }, 'no model preset “tinny”', '“tiny”'],
    [{ model: { preset: 'tiny', vocabSize: 100 } }, 'at least 257', ''],
    [{ initialize: 'pretrained' }, 'has no pretrained weights', ''],
    [{ model: { path: 'nowhere' } }, 'There is no model folder', 'config.json'],
    [{ model: { id: 'unknown' } }, 'no model “unknown”', ''],
    [{ data: { train: 'absent.txt' } }, 'There is no data', ''],
    [{ data: { train: 'rows.parquet' } }, 'There is no data', ''],
  ])('refuses %j', async (more, message, hint) => {
    const error = await (await services()).runs.plan(runFile(more), origin()).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({
      message: expect.stringContaining(message) as string,
      hint: expect.stringContaining(hint) as string,
    });
  });
});

describe('training', () => {
  it('leaves a record, every event, and the tokenizer beside the model', async () => {
    const told: TrainEvent[] = [];
    const { runs, records } = await services();
    const outcome = await runs.train(runFile({ training: { steps: 4, samples: ['the whale'] } }), origin(), {
      onEvent: (event) => told.push(event),
    });
    const lines = readFileSync(inOutput('events.jsonl'), 'utf8').trim().split('\n');
    expect(lines.map((line) => JSON.parse(line) as unknown)).toEqual(JSON.parse(JSON.stringify(told)));
    expect(told[0]).toMatchObject({ type: 'start', run: outcome.id });
    expect(told.find((event) => event.type === 'sample')).toMatchObject({ text: 'the whale' });
    expect(existsSync(inOutput('model/tokenizer.json'))).toBe(true);
    expect(existsSync(inOutput('run.lock'))).toBe(false);
    const shown = records.show(outcome.id);
    expect(shown).toMatchObject({
      state: 'finished',
      name: 'from-file',
      plan: { planBytes: 1000 },
      result: { finalLoss: 1.25 },
    });
    expect(shown.loss.map(({ value }) => value)).toEqual([5, 2.5, 5 / 3, 1.25]);
  });

  it('stores a run file that reads back as the same run', async () => {
    const { runs } = await services();
    const { run } = await runs.train(runFile(), origin());
    const stored = JSON.parse(readFileSync(inOutput('run.json'), 'utf8')) as unknown;
    expect(stored).toEqual(JSON.parse(JSON.stringify(run)));
    expect(parseRunFile(stored)).toEqual(stored);
  });

  it('stops on request, and resumes where it was without telling a step twice', async () => {
    const { runs, records } = await services();
    const controller = new AbortController();
    const onEvent = (event: TrainEvent): void => {
      if (event.type === 'step' && event.step === 2) controller.abort();
    };
    const first = await runs.train(runFile(), origin(), { onEvent, signal: controller.signal });
    expect(first.stopped).toBe(true);
    expect(records.find(first.id).state).toBe('paused');
    engine.resumeFrom = 2;
    const told: string[] = [];
    app.notices.subscribe((notice) => notice.topic === 'changed' && told.push(notice.noun));
    const second = await runs.resume(path.join(folder, 'out'));
    // Charts that are open show steps that were taken back.
    expect(told).toContain('runs');
    expect(second).toMatchObject({ id: first.id, stopped: false });
    expect(records.show(first.id)).toMatchObject({ state: 'finished' });
    expect(records.show(first.id).loss.map(({ step }) => step)).toEqual([0, 1, 2, 3]);
  });

  it('records a failure with its words', async () => {
    engine.failAt = 2;
    const { runs, records } = await services();
    await expect(runs.train(runFile(), origin())).rejects.toThrow('not a number');
    expect(records.list()[0]).toMatchObject({ state: 'failed', error: { code: 'E_NUMBER', hint: 'Lower the rate.' } });
    expect(records.show(records.list()[0]!.id).loss).toHaveLength(2);
  });

  it('makes the same run again in its folder, and no other', async () => {
    const { runs } = await services();
    await runs.train(runFile(), origin());
    await expect(runs.train(runFile({ training: { steps: 5 } }), origin())).rejects.toThrow('holds another run');
    await expect(runs.train(runFile(), origin())).resolves.toMatchObject({ stopped: false });
  });

  it('may be changed and begun anew where it came to nothing', async () => {
    const { runs } = await services();
    engine.failAt = 0;
    await expect(runs.train(runFile(), origin())).rejects.toThrow('not a number');
    engine.failAt = -1;
    await expect(runs.train(runFile({ training: { steps: 5 } }), origin())).resolves.toMatchObject({ stopped: false });
  });

  it('leaves alone what is not its own in the output folder', async () => {
    const { runs } = await services();
    mkdirSync(inOutput('.'));
    writeFileSync(inOutput('notes.txt'), 'mine');
    await runs.train(runFile(), origin());
    await runs.train(runFile(), origin());
    expect(readFileSync(inOutput('notes.txt'), 'utf8')).toBe('mine');
    mkdirSync(path.join(folder, 'other', 'model'), { recursive: true });
    writeFileSync(path.join(folder, 'other', 'model', 'config.json'), '{}');
    await expect(runs.train(runFile({ output: 'other' }), origin())).rejects.toThrow('of something else');
  });

  it('refuses a folder in which another process trains', async () => {
    const { runs } = await services();
    await runs.train(runFile(), origin());
    writeFileSync(inOutput('run.lock'), String(process.ppid));
    await expect(runs.resume(path.join(folder, 'out'))).rejects.toThrow(`trained by process ${process.ppid}`);
    // One that has died holds nothing: the largest process id is never given out.
    writeFileSync(inOutput('run.lock'), '4194304');
    await expect(runs.resume(path.join(folder, 'out'))).resolves.toMatchObject({ stopped: false });
  });

  it('does not resume on data that have changed', async () => {
    const { runs } = await services();
    await runs.train(runFile(), origin());
    writeFileSync(path.join(folder, 'text.txt'), 'something else altogether '.repeat(60));
    await expect(runs.resume(path.join(folder, 'out'))).rejects.toThrow('have changed');
  });

  it('tokenizes the same text once', async () => {
    const { runs } = await services();
    const tokensOf = async (file: Parameters<typeof runs.train>[0]): Promise<string> => {
      await runs.train(file, origin());
      return (engine.jobs.at(-1) as { tokens: { train: string } }).tokens.train;
    };
    const first = await tokensOf(runFile({ output: 'first' }));
    expect(await tokensOf(runFile({ output: 'again', training: { steps: 9 } }))).toBe(first);
    const shorter = runFile({ output: 'shorter', data: { train: 'text.txt', sequenceLength: 8 } });
    expect(await tokensOf(shorter)).not.toBe(first);
  });

  it('is planned without tokenizing anything', async () => {
    const { runs } = await services();
    const file = runFile();
    await runs.plan(file, origin());
    const { tokens } = engine.jobs.at(-1) as { tokens: { train: string } };
    expect(tokens.train).toBe(path.join(folder, 'text.txt'));
  });
});

describe('records', () => {
  it('compares what differs and nothing else', async () => {
    const { runs, records } = await services();
    const a = await runs.train(runFile({ output: 'a' }), origin());
    const b = await runs.train(
      runFile({ output: 'b', method: { name: 'ranked', rank: 16 }, training: { steps: 5 } }),
      origin(),
    );
    const { differences, runs: outcomes } = records.compare([a.id, b.id]);
    expect(differences).toEqual([
      { setting: 'method.rank', values: [8, 16] },
      { setting: 'training.steps', values: [4, 5] },
    ]);
    expect(outcomes).toMatchObject([{ finalLoss: 1.25, planBytes: 1000, peakBytes: 1000 }, { finalLoss: 1 }]);
  });

  it('deletes a record, and files only when asked', async () => {
    const { runs, records } = await services();
    const { id } = await runs.train(runFile(), origin());
    records.delete(id);
    expect(existsSync(inOutput('run.json'))).toBe(true);
    expect(() => records.find(id)).toThrow('There is no run');
    const again = await runs.resume(path.join(folder, 'out'));
    expect(records.find(again.id.slice(0, 12)).id).toBe(id);
    records.delete(id, { files: true });
    expect(existsSync(path.join(folder, 'out'))).toBe(false);
  });
});
