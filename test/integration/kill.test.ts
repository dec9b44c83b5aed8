import path from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { afterAll, expect, it } from 'vitest';
import { doneOf, Terminal } from './command-line.ts';

const terminal = new Terminal();
afterAll(() => terminal.close());

const STEPS = 180;
const KILLS = 10;
const settings = {
  method: { name: 'loqt', rank: 8, interval: 9 },
  optimizer: { learningRate: 3e-3, stateBits: 8 },
  training: { steps: STEPS, evalEvery: 25, checkpointEvery: 4, gradientAccumulation: 2 },
};

/** Starts a command and kills it a random while after a random step: in the middle of a step, an evaluation or a checkpoint. */
async function killedAfter(args: string[], step: number): Promise<NodeJS.Signals | null> {
  const delay = Math.random() * 40;
  let aimed = false;
  const { signal } = await terminal.start([...args, '--json'], (line, child) => {
    const told = /^\{.*"step":(\d+),.*"type":"step"\}$/.exec(line);
    if (aimed || !told || Number(told[1]) < step) return;
    aimed = true;
    void wait(delay).then(() => child.kill('SIGKILL'));
  });
  return signal;
}

it('a run that is killed at ten random moments, and resumed each time, ends with the bits of the undisturbed one', async () => {
  const reference = doneOf(await terminal.events('train', terminal.runFile('reference', settings)));
  const folder = path.join(terminal.folder, 'out', 'killed');
  const steps = Array.from({ length: KILLS }, () => Math.floor(Math.random() * (STEPS - 90))).sort((a, b) => a - b);
  steps[0] = 0; // one of them before there is any checkpoint
  let command = ['train', terminal.runFile('killed', settings)];
  for (const step of steps) {
    expect(await killedAfter(command, step), `killed after step ${step} of ${steps.join(', ')}`).toBe('SIGKILL');
    command = ['resume', folder];
  }
  const done = doneOf(await terminal.events('resume', folder));
  expect(done.parameterHash, `killed after steps ${steps.join(', ')}`).toBe(reference.parameterHash);
  expect(done).toMatchObject({ steps: STEPS, peakBytes: reference.peakBytes, planBytes: reference.planBytes });
});
