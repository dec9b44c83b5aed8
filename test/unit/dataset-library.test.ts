import { appendFileSync, mkdtempSync, renameSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createApp, type Services } from '../../main/app.ts';
import { resolvePaths } from '../../main/paths.ts';
import { datasetsApi } from '../../main/api/datasets.ts';
import type { Api } from '../../preload/contract/api.ts';
import type { Preview } from '../../preload/contract/datasets.ts';
import { FakeEngine } from './fake-engine.ts';

let folder: string;
let app: ReturnType<typeof createApp>;
let services: Services;
let api: Api['datasets'];
beforeEach(async () => {
  folder = mkdtempSync(path.join(tmpdir(), 'rankwise-datasets-'));
  app = createApp(resolvePaths({ RANKWISE_HOME: path.join(folder, 'home') }), { engine: new FakeEngine() });
  services = await app.open();
  api = datasetsApi(services);
});
afterEach(async () => {
  await app.close();
  rmSync(folder, { recursive: true, force: true });
});

const file = (name: string, content: string): string => {
  const full = path.join(folder, name);
  writeFileSync(full, content);
  return full;
};
let tasks = 0;
const bringIn = (name: string, content: string) =>
  api.import({ handle: app.files.admit(file(name, content)).handle, task: `task-${(tasks += 1)}` });
const lines = (rows: unknown[]): string => rows.map((row) => JSON.stringify(row)).join('\n') + '\n';
const inked = ({ rows }: Preview): string[] =>
  rows.map(({ tokens }) =>
    tokens
      .map(({ text, trained }) => (trained ? `[${text}]` : text))
      .join('')
      .replaceAll('][', ''),
  );
const bytes = { model: null, sequenceLength: 64 };

describe('importing', () => {
  it.each([
    ['Alpaca', [{ instruction: 'i', input: 'x', output: 'o' }], 'completion', { instruction: 'prompt', input: 'input', output: 'completion' }],
    ['pairs', [{ Prompt: 'p', Completion: 'c', id: 1 }], 'completion', { Prompt: 'prompt', Completion: 'completion' }],
    ['questions', [{ question: 'q', context: 'c', answer: 'a' }], 'completion', { question: 'prompt', context: 'input', answer: 'completion' }],
    ['OpenAI', [{ messages: [{ role: 'user', content: 'x' }] }], 'messages', { messages: 'messages' }],
    ['ShareGPT', [{ conversations: [{ from: 'human', value: 'x' }], id: 'a' }], 'messages', { conversations: 'messages' }],
    ['a chat of another name', [{ talk: [{ role: 'user', content: 'x' }], n: 1 }], 'messages', { talk: 'messages' }],
    ['preference', [{ prompt: 'p', chosen: 'a', rejected: 'b' }], 'preference', { prompt: 'prompt', chosen: 'chosen', rejected: 'rejected' }],
    ['text', [{ text: 't', url: 'u' }], 'text', { text: 'text' }],
    ['one column of text', [{ poem: 't', lines: 3 }], 'text', { poem: 'text' }],
    ['what says nothing', [{ a: 'x', b: 'y' }], 'unclear', {}],
  ])('tells %s', async (name, rows, kind, mapping) => {
    const found = await bringIn(`${name}.jsonl`, lines(rows));
    expect(found).toMatchObject({ name, kind, mapping, guess: mapping, rows: 1, version: 1, format: 'jsonl', problems: 0 });
  }); // prettier-ignore

  it.each([
    ['of which no row can be read', 'x.jsonl', 'no json\nnor this\n', /^Not one row of x\.jsonl can be read\. The first fault, line 1: Not JSON/],
    ['without a row', 'x.csv', 'prompt,completion\n', /^x\.csv has no rows/],
  ])('refuses a file %s', async (_, name, content, message) => {
    const refused = bringIn(name, content);
    await expect(refused).rejects.toMatchObject({ code: 'E_DATA' });
    await expect(refused).rejects.toThrow(message);
    expect(await api.list()).toEqual([]);
  }); // prettier-ignore

  it('tells columns, problems with their places, and keeps the good rows', async () => {
    const found = await bringIn('mixed.jsonl', `${lines([{ messages: [{ role: 'user', content: 'a' }], n: 1 }, { messages: 'no list' }, { messages: [{ role: 'user', content: [{ type: 'image_url' }] }] }])}{"messages": [\n`); // prettier-ignore
    expect(found).toMatchObject({ rows: 3, problems: 3, kind: 'messages' });
    expect(found.columns).toEqual([
      { name: 'messages', type: 'mixed', filled: 1, example: '[{"role":"user","content":"a"}]' },
      { name: 'n', type: 'number', filled: 1 / 3, example: '1' },
    ]);
    expect(found.problemList.map(({ line, message }) => [line, message])).toEqual([
      [4, 'Not JSON: expected a value, found the end.'],
      [2, '“messages”: expected a list of messages, found text.'],
      [3, '“messages”: message 1: its content is a list, not text.'],
    ]);
  });

  it('tells its progress up to the end', async () => {
    const told: [number, number | null][] = [];
    app.notices.subscribe((notice) => {
      if (notice.topic === 'task') told.push([notice.task.done, notice.task.total]);
    });
    const { bytes: size } = await bringIn('told.jsonl', lines([{ text: 'a' }]));
    app.notices.flush();
    expect(told.at(-1)).toEqual([2 * size, 2 * size]);
  });

  it('can be cancelled, and leaves nothing', async () => {
    const handle = app.files.admit(file('large.jsonl', lines(Array.from({ length: 200_000 }, (_, i) => ({ text: `row ${i}` }))))).handle; // prettier-ignore
    const importing = api.import({ handle, task: 'large' });
    app.tasks.cancel('large');
    await expect(importing).rejects.toMatchObject({ code: 'E_CANCELLED' });
    expect(await api.list()).toEqual([]);
  });

  it('refuses what is empty, and what was not handed out', async () => {
    await expect(bringIn('empty.jsonl', '')).rejects.toMatchObject({ code: 'E_DATA' });
    await expect(api.import({ handle: 'guessed', task: 'x' })).rejects.toMatchObject({ code: 'E_HANDLE' });
  });
});

describe('a dataset of the library', () => {
  it('keeps a version for each content of its file', async () => {
    const { id, hash } = await bringIn('grows.jsonl', lines([{ text: 'a' }]));
    appendFileSync(path.join(folder, 'grows.jsonl'), lines([{ text: 'b' }]));
    expect(await api.get({ id })).toMatchObject({ changed: true, version: 1, rows: 1 });
    const refreshed = await api.refresh({ id, task: 'again' });
    expect(refreshed).toMatchObject({ changed: false, version: 2, rows: 2, id });
    expect(refreshed.hash).not.toBe(hash);
    expect(refreshed.versions.map(({ version, rows }) => [version, rows])).toEqual([[2, 2], [1, 1]]); // prettier-ignore
    utimesSync(path.join(folder, 'grows.jsonl'), 1, 1);
    expect(await api.refresh({ id, task: 'same' })).toMatchObject({ version: 2, changed: false });
  });

  it('is the same when it is imported once more, and stays what it was named and mapped', async () => {
    const first = await bringIn('again.jsonl', lines([{ a: 'x', b: 'y' }]));
    await api.update({ id: first.id, name: 'Mine', mapping: { a: 'prompt', b: 'completion' }, trainOn: 'all' });
    const again = await bringIn('again.jsonl', lines([{ a: 'x', b: 'z' }]));
    expect(again).toMatchObject({ id: first.id, name: 'Mine', kind: 'completion', trainOn: 'all', version: 2 });
    expect(await api.list()).toHaveLength(1);
  });

  it('refuses mappings and templates that cannot be, and stays as it was', async () => {
    const { id } = await bringIn('m.jsonl', lines([{ a: 'x', b: 'y' }]));
    await expect(api.update({ id, mapping: { c: 'text' } })).rejects.toThrow('There is no column “c”.');
    await expect(api.update({ id, mapping: { a: 'text', b: 'text' } })).rejects.toThrow('cannot both be the text');
    await expect(api.update({ id, mapping: { a: 'prompt' } })).rejects.toThrow('say nothing to learn from: prompt');
    await expect(api.update({ id, template: '{% if %}' })).rejects.toMatchObject({ code: 'E_TEMPLATE' });
    expect(await api.get({ id })).toMatchObject({ mapping: {}, template: 'auto' });
  });

  it('counts rows that are nothing under a new mapping', async () => {
    const { id } = await bringIn(
      'n.jsonl',
      lines([
        { a: 'x', b: [1] },
        { a: 'x', b: 'y' },
      ]),
    );
    expect(await api.update({ id, mapping: { a: 'prompt', b: 'completion' } })).toMatchObject({ problems: 1 });
    expect(await api.update({ id, mapping: { a: 'text' } })).toMatchObject({ problems: 0, kind: 'text' });
  });

  it('says that its file is gone, and forgets it without touching the file', async () => {
    const { id } = await bringIn('gone.jsonl', lines([{ text: 'a' }]));
    renameSync(path.join(folder, 'gone.jsonl'), path.join(folder, 'moved.jsonl'));
    expect(await api.get({ id })).toMatchObject({ missing: true, changed: false });
    await api.remove({ id });
    await expect(api.get({ id })).rejects.toMatchObject({ code: 'E_DATASET' });
  });
});

describe('a preview', () => {
  it('inks what is learned, cuts at the sequence, and turns pages', async () => {
    const { id } = await bringIn('p.jsonl', lines([{ prompt: 'a', completion: 'b' }, { prompt: 'c', completion: 'd'.repeat(60) }, { prompt: 'é', completion: 'f' }])); // prettier-ignore
    const preview = await api.preview({ id, rendering: bytes, offset: 0, count: 2 });
    expect(preview).toMatchObject({ total: 3, template: 'the simple template', notes: [] });
    expect(inked(preview)[0]).toBe('User: a\nAssistant:[ b<|endoftext|>]\n');
    expect(preview.rows.map(({ index, cut }) => [index, cut])).toEqual([[0, false], [1, true]]); // prettier-ignore
    expect(preview.rows[0]!.tokens.at(-2)).toEqual({ text: '<|endoftext|>', trained: true, special: true });
    const next = await api.preview({ id, rendering: { ...bytes, template: 'none' }, offset: 2, count: 5 });
    expect(inked(next)).toEqual(['é[f<|endoftext|>]']);
    expect(next.rows[0]!.tokens.map(({ text }) => text)).toEqual(['é', '', 'f', '<|endoftext|>']);
  });

  it('tells the rows that cannot be shown, and why', async () => {
    const { id } = await bringIn('r.jsonl', lines([{ messages: [] }, { messages: [{ role: 'user', content: 'x' }, { role: 'assistant', content: 'y' }] }])); // prettier-ignore
    const preview = await api.preview({ id, rendering: bytes, offset: 0, count: 9 });
    expect(preview.notes).toEqual(['Row 1 cannot be used: “messages”: the list of messages is empty']);
    expect(inked(preview)).toEqual(['User: x\nAssistant:[ y<|endoftext|>]\n']);
    const none = await api.preview({ id, rendering: { ...bytes, template: 'none' }, offset: 1, count: 1 });
    expect(none.notes[0]).toContain('Chats need a template');
  });

  it('shows texts, of long ones the beginning, and preference pairs by their preferred answer', async () => {
    const text = await bringIn('t.txt', `${'word '.repeat(50_000)}<|endoftext|>short`);
    const shown = await api.preview({ id: text.id, rendering: bytes, offset: 0, count: 2 });
    expect(shown.rows[0]).toMatchObject({ partial: true, cut: false });
    expect(shown.rows[0]!.tokens).toHaveLength(8192);
    expect(inked(shown)[1]).toBe('s[hort<|endoftext|>]');
    const pairs = await bringIn('pref.jsonl', lines([{ prompt: 'p', chosen: 'good', rejected: 'bad' }]));
    const preferred = await api.preview({ id: pairs.id, rendering: bytes, offset: 0, count: 1 });
    expect(inked(preferred)[0]).toContain('[ good');
    expect(preferred.notes[0]).toContain('no method trains on them yet');
  });
});

describe('an x-ray', () => {
  it('counts lengths, what is learned, repeats, empty answers, and rows of the evaluation', async () => {
    const row = (prompt: string, completion: string) => ({ prompt, completion });
    const train = await bringIn(
      'x.jsonl',
      lines([row('a', 'b'), row('a', 'b'), row('cc', 'd'), row('e', ''), row('f', 'g')]),
    );
    const evaluation = await bringIn('y.jsonl', lines([{ messages: [{ role: 'user', content: 'f' }, { role: 'assistant', content: 'g' }] }])); // prettier-ignore
    const rendering = { ...bytes, template: 'none' };
    const found = await api.xray({ id: train.id, rendering, evaluation: evaluation.id, task: 'x' });
    expect(found).toMatchObject({
      rows: 5,
      tokens: 3 + 3 + 4 + 2 + 3,
      trainedTokens: 2 + 2 + 2 + 0 + 2,
      longest: 4,
      median: 3,
      lengths: Float64Array.of(2, 3, 4),
      counts: Float64Array.of(1, 3, 1),
      duplicates: 1,
      duplicateRows: [1],
      emptyTargets: 1,
      leaked: 1,
    });
    const alone = await api.xray({ id: train.id, rendering, evaluation: null, task: 'y' });
    expect(alone.leaked).toBeNull();
  });
});

describe('a run', () => {
  it('may name a dataset by its id, and takes over how it is read', async () => {
    const { id } = await bringIn(
      'run.jsonl',
      lines([
        { q: 'x', r: 'y' },
        { q: 'u', r: 'v' },
      ]),
    );
    await api.update({
      id,
      mapping: { q: 'prompt', r: 'completion' },
      trainOn: 'all',
      template: '{{ messages[0].content }}',
    });
    const draft = { model: { preset: 'tiny' }, method: { name: 'plain' }, data: { train: id } };
    const { parseRunFile } = await import('../../preload/contract/run-file.ts');
    const origin = { base: folder, folder, name: 'run' };
    const { run } = await services.composer.compose(parseRunFile(draft), origin);
    expect(run.data).toMatchObject({
      train: path.join(folder, 'run.jsonl'),
      format: 'jsonl',
      mapping: { q: 'prompt', r: 'completion' },
      trainOn: 'all',
      template: '{{ messages[0].content }}',
    });
    const own = parseRunFile({ ...draft, data: { train: id, trainOn: 'completions', mapping: { q: 'text' } } });
    expect((await services.composer.compose(own, origin)).run.data).toMatchObject({
      mapping: { q: 'text' },
      trainOn: 'completions',
    });
  });

  it('cannot be trained on preference pairs', async () => {
    const { id } = await bringIn('pp.jsonl', lines([{ prompt: 'p', chosen: 'good', rejected: 'bad' }]));
    const { parseRunFile } = await import('../../preload/contract/run-file.ts');
    const draft = parseRunFile({ model: { preset: 'tiny' }, method: { name: 'plain' }, data: { train: id } });
    const composing = services.composer.compose(draft, { base: folder, folder, name: 'run' }, 'plan');
    await expect(composing).rejects.toThrow('no method trains on yet');
  });
});

describe('a library whose database is lost', () => {
  it('knows what was brought in, and what was said of it, also where no run was trained on it', async () => {
    const kept = await bringIn('notes.jsonl', lines([{ a: 'x', b: 'y' }]));
    const gone = await bringIn('gone.jsonl', lines([{ text: 't' }]));
    await api.update({
      id: kept.id,
      name: 'Notes',
      mapping: { a: 'prompt', b: 'completion' },
      template: 'none',
      trainOn: 'all',
    });
    await api.remove({ id: gone.id });
    await app.close();
    rmSync(path.join(folder, 'home', 'rankwise.db'));

    app = createApp(resolvePaths({ RANKWISE_HOME: path.join(folder, 'home') }), { engine: new FakeEngine() });
    services = await app.open();
    api = datasetsApi(services);
    expect(services.rescan.isBehind()).toBe(true);
    await services.rescan.rescan(() => undefined, new AbortController().signal);
    expect(services.rescan.isBehind()).toBe(false);
    const [again, ...others] = await api.list();
    expect(others).toEqual([]);
    expect(await api.get({ id: again!.id })).toMatchObject({
      name: 'Notes',
      mapping: { a: 'prompt', b: 'completion' },
      template: 'none',
      trainOn: 'all',
    });
  });
});
