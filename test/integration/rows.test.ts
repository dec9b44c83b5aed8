import { readdirSync, readFileSync, rmSync } from 'node:fs';
import path from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { readSafetensorsHeader } from '../../main/formats/safetensors.ts';
import { loadTokenizer } from '../../main/data/tokenizer.ts';
import { doneOf, ofType, Terminal } from './command-line.ts';

const terminal = new Terminal();
afterAll(() => terminal.close());

const ANIMALS = ['cat', 'dog', 'owl', 'fox', 'hen', 'cow', 'pig', 'ant'];
const rows = Array.from({ length: 64 }, (_, i) => {
  const [one, two] = [ANIMALS[i % 8]!, ANIMALS[(i * 5 + 3) % 8]!];
  return { prompt: `Which comes first, ${one} or ${two}?`, completion: `The ${[one, two].sort()[0]} comes first.` };
});
const data = { train: 'animals.jsonl', eval: null, sequenceLength: 64 };

function tensorsOf(file: string): Record<string, Int32Array> {
  const bytes = readFileSync(file);
  return Object.fromEntries(
    [...readSafetensorsHeader(file)].map(([name, { begin, end }]) => [
      name,
      new Int32Array(bytes.buffer.slice(bytes.byteOffset + begin, bytes.byteOffset + end)),
    ]),
  );
}
const cached = (folder: string): string[] =>
  readdirSync(path.join(terminal.folder, 'home', 'cache', folder)).map((name) =>
    path.join(terminal.folder, 'home', 'cache', folder, name),
  );

describe('a run on prompts and completions', () => {
  terminal.file('animals.jsonl', rows.map((row) => JSON.stringify(row)).join('\n') + '\n{"prompt": 1\n');

  it('learns the completions and nothing else, and leaves a model that knows its template', async () => {
    const file = terminal.runFile('animals', { data, training: { steps: 12 } });
    const done = doneOf(await terminal.events('train', file));
    expect(done.steps).toBe(12);
    const output = path.join(terminal.folder, 'out', 'animals');
    expect(terminal.json<object>('out/animals/run.json')).toMatchObject({
      data: {
        format: 'jsonl',
        mapping: { prompt: 'prompt', completion: 'completion' },
        template: 'auto',
        trainOn: 'completions',
      },
    });
    const tokenizer = loadTokenizer(path.join(output, 'model'));
    expect(tokenizer.ownTemplate).toContain('Assistant:');

    // Every label of every sequence, put together again to what was learned.
    const { input_ids: ids, labels, document_start: starts } = tensorsOf(cached('tokens').find((name) => name.endsWith('.safetensors'))!); // prettier-ignore
    const learned: string[] = [];
    let answer: number[] = [];
    for (let at = 0; at < ids!.length; at++) {
      if (labels![at] !== -100) {
        expect(labels![at]).toBe(ids![at]);
        answer.push(ids![at]!);
      } else if (answer.length > 0) {
        expect(answer.at(-1)).toBe(tokenizer.endId);
        learned.push(tokenizer.decode(answer));
        answer = [];
      }
      if (at % 64 === 0) expect(starts![at]).toBe(0);
    }
    expect(learned.sort()).toEqual(rows.map(({ completion }) => ` ${completion}`).sort());
  });

  it('tells the row that it left out', async () => {
    const { stderr } = await terminal.start(['train', terminal.runFile('told', { data, training: { steps: 1 } })]);
    expect(stderr).toContain('One row cannot be used and was left out: animals.jsonl, line 65: Not JSON');
  });

  it('ends with the same bits when it is killed and goes on without its cache', async () => {
    const settings = { data, training: { steps: 14 } };
    const reference = doneOf(await terminal.events('train', terminal.runFile('whole', settings)));
    await terminal.start(['train', terminal.runFile('killed', settings), '--json'], (line, child) => {
      if (line.includes('"type":"step"') && line.includes('"step":8,')) child.kill('SIGKILL');
    });
    rmSync(path.join(terminal.folder, 'home', 'cache'), { recursive: true });
    const resumed = doneOf(await terminal.events('resume', path.join(terminal.folder, 'out', 'killed')));
    expect(resumed.parameterHash).toBe(reference.parameterHash);
  });

  it('may be read from a table, with the columns named by hand, and learns it all where that is asked', async () => {
    terminal.file('animals.csv', `q,a,note\n${rows.map((row) => `"${row.prompt}",${row.completion},x`).join('\n')}\n`);
    const refused = await terminal.start([
      'train',
      terminal.runFile('unclear', { data: { ...data, train: 'animals.csv' } }),
    ]);
    expect(refused.status).toBe(1);
    expect(refused.stderr).toContain('E_MAPPING: It is not clear what the columns of');
    const mapping = { q: 'prompt', a: 'completion' };
    const csv = { ...data, train: 'animals.csv', mapping };
    const events = await terminal.events('train', terminal.runFile('csv', { data: csv, training: { steps: 4 } }));
    // The same rows under other column names are the same tokens, hence the same losses.
    const jsonl = await terminal.events('train', terminal.runFile('jsonl', { data, training: { steps: 4 } }));
    expect(ofType(events, 'step').map(({ loss }) => loss)).toEqual(ofType(jsonl, 'step').map(({ loss }) => loss));
    const all = await terminal.events('train', terminal.runFile('all', { data: { ...data, trainOn: 'all' }, training: { steps: 4 } })); // prettier-ignore
    expect(ofType(all, 'step')[0]!.loss).not.toBe(ofType(jsonl, 'step')[0]!.loss);
  });

  it('plans to the byte what it needs', async () => {
    const file = terminal.runFile('planned', { data, training: { steps: 2 } });
    const plan = await terminal.ask<{ planBytes: number }>('plan', file);
    expect(doneOf(await terminal.events('train', file)).peakBytes).toBe(plan.planBytes);
  });
});
