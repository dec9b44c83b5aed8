import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { TrainEvent } from '../../preload/contract/events.ts';
import { novel, ofType, Terminal } from './command-line.ts';

const terminal = new Terminal();
afterAll(() => terminal.close());

let events: TrainEvent[];
const model = path.join(terminal.folder, 'out/base/model');
const adapter = path.join(terminal.folder, 'out/tuned/adapter');

beforeAll(async () => {
  terminal.file('held-out.txt', novel.slice(100_000, 110_000));
  const data = { eval: 'held-out.txt' };
  events = await terminal.events(
    'train',
    terminal.runFile('base', { data, training: { steps: 30, precision: 'f32' } }),
  );
  const tuning = { model: { path: model }, initialize: 'pretrained', method: { name: 'lora', rank: 4 }, data };
  await terminal.events('train', terminal.runFile('tuned', { ...tuning, training: { steps: 20, precision: 'f32' } }));
});

const evaluate = (...args: string[]) =>
  terminal.ask<{ loss: number; perplexity: number; tokens: number }>(
    'eval',
    '--model',
    model,
    '--data',
    'held-out.txt',
    '--sequence-length',
    '32',
    ...args,
  );

describe('eval', () => {
  it('says what the run said of the same text', async () => {
    const last = ofType(events, 'eval').at(-1)!;
    const result = await evaluate();
    expect(result.tokens).toBe(last.tokens);
    expect(result.loss).toBeCloseTo(last.loss, 5);
    expect(result.perplexity).toBeCloseTo(Math.exp(result.loss), 6);
  });

  it('counts an adapter in', async () => {
    expect((await evaluate('--adapter', adapter)).loss).toBeLessThan((await evaluate()).loss);
  });

  it.each([[['--precision', 'bf16']], [['--storage', 'nf4']]])('stays near with %j', async (args) => {
    const [exact, near] = [await evaluate(), await evaluate(...args)];
    expect(Math.abs(near.loss - exact.loss)).toBeLessThan(0.1);
  });
});

describe('generate', () => {
  const generate = (...args: string[]) =>
    terminal.ask<{ text: string; tokenIds: number[] }>(
      'generate',
      '--model',
      model,
      '--prompt',
      'The whale',
      '--max-tokens',
      '12',
      ...args,
    );

  it('says the same under the same seed and something else under another', async () => {
    const first = await generate('--seed', '1');
    expect(first.tokenIds).toHaveLength(12);
    expect(await generate('--seed', '1')).toEqual(first);
    expect((await generate('--seed', '2')).tokenIds).not.toEqual(first.tokenIds);
  });

  it('streams the text that it ends with', async () => {
    const { text } = await generate('--temperature', '0');
    const { stdout } = await terminal.start([
      'generate',
      '--model',
      model,
      '--prompt',
      'The whale',
      '--max-tokens',
      '12',
      '--temperature',
      '0',
    ]);
    expect(stdout).toBe(`The whale${text}\n`);
  });

  it('hears an adapter', async () => {
    const sampled = ['--seed', '3', '--temperature', '1', '--top-p', '1'];
    expect((await generate(...sampled, '--adapter', adapter)).tokenIds).not.toEqual(
      (await generate(...sampled)).tokenIds,
    );
  });
});
