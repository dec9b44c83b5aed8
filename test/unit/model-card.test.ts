import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createApp, type App, type Services } from '../../main/app.ts';
import { readReadme } from '../../main/formats/readme.ts';
import { dataWorkerEntry, resolvePaths } from '../../main/paths.ts';
import { DataWorkers } from '../../main/services/data-workers.ts';
import { TemplateSamples } from '../../main/services/template-samples.ts';
import { FakeEngine } from './fake-engine.ts';
import { tinyModel } from './hub-server.ts';

let folder: string;
let app: App;
let services: Services;

beforeEach(async () => {
  folder = mkdtempSync(path.join(tmpdir(), 'rankwise-unit-'));
  app = createApp(resolvePaths({ RANKWISE_HOME: path.join(folder, 'home') }), { engine: new FakeEngine() });
  services = await app.open();
});
afterEach(async () => {
  await app.close();
  rmSync(folder, { recursive: true, force: true });
});

/** A model folder with files beside those of the tiny model. @returns its id in the library */
async function add(more: Record<string, string>): Promise<string> {
  const place = path.join(folder, 'mine');
  mkdirSync(place);
  for (const [name, content] of tinyModel())
    if (/^[\w.]+\.(json|safetensors)$/.test(name)) writeFileSync(path.join(place, name), content);
  for (const [name, content] of Object.entries(more)) writeFileSync(path.join(place, name), content);
  return (await services.modelLibrary.add(place, () => undefined, new AbortController().signal)).id;
}

const config = JSON.stringify({ bos_token: '<s>', eos_token: { content: '</s>' } });
const TURNS = `{{ bos_token }}{% for m in messages %}[{{ m.role }}]{{ m.content }}{{ eos_token }}{% endfor %}`;

describe('a conversation by the template of a model', () => {
  it('goes to where its answer begins, with its own tokens', async () => {
    const template = `${TURNS}{% if add_generation_prompt %}[assistant]{% endif %}`;
    const id = await add({ 'tokenizer_config.json': config, 'chat_template.jinja': template });
    const { text, own } = await services.templateSamples.of(id);
    expect(own).toBe(true);
    expect(text).toMatch(/^<s>\[user\][^[]*<\/s>\[assistant\][^[]*<\/s>\[user\][^[]*<\/s>\[assistant\]$/);
  });

  it('is the simple one where it brings none', async () => {
    const { text, own } = await services.templateSamples.of(await add({}));
    expect(own).toBe(false);
    expect(text).toMatch(/User: .*\nAssistant: .*\nUser: .*\nAssistant:$/);
  });

  it('tells what a template says that refuses it, or that is none', async () => {
    const id = await add({ 'chat_template.jinja': "{{ raise_exception('only tools') }}" });
    await expect(services.templateSamples.of(id)).rejects.toMatchObject({
      code: 'E_TEMPLATE',
      message: expect.stringContaining('only tools') as string,
    });
    writeFileSync(path.join(folder, 'mine', 'chat_template.jinja'), '{% for %}');
    await expect(services.templateSamples.of(id)).rejects.toMatchObject({ code: 'E_TEMPLATE' });
  });

  it('is stopped where the template does not end, and nothing else waits for it', async () => {
    const inner = '{% for a in range(99999) %}'.repeat(3);
    const id = await add({ 'chat_template.jinja': `${inner}{% set b = a %}${'{% endfor %}'.repeat(3)}` });
    const workers = new DataWorkers(dataWorkerEntry);
    let turns = 0;
    const ticking = setInterval(() => (turns += 1), 5);
    await expect(new TemplateSamples(workers, services.models, 700).of(id)).rejects.toMatchObject({
      code: 'E_TEMPLATE',
      message: expect.stringContaining('did not come to an end') as string,
    });
    clearInterval(ticking);
    await workers.close();
    expect(turns).toBeGreaterThan(10);
  });
});

describe('the card of a model', () => {
  it('tells what its makers say, which tokenizer it has, and where it was downloaded from', async () => {
    const passport = { name: 'mine', repository: 'lab/mine', commit: 'abc', endpoint: 'https://hub.example' };
    const id = await add({
      'README.md': '---\nlicense: mit\n---\n# Mine\n<script>alert(1)</script>',
      'tokenizer.model': 'pieces',
      'rankwise.json': JSON.stringify(passport),
    });
    const card = await services.modelLibrary.card(id);
    expect(card).toMatchObject({
      licence: 'mit',
      readme: '# Mine\n<script>alert(1)</script>',
      otherTokenizer: 'tokenizer.model (SentencePiece)',
      source: { repository: 'lab/mine', commit: 'abc', endpoint: 'https://hub.example' },
    });
  });

  it('has none of it where nothing is told', async () => {
    const card = await services.modelLibrary.card(await add({ 'rankwise.json': '{"name": 5}' }));
    expect(card).toMatchObject({ readme: null, otherTokenizer: null, source: null });
  });
});

describe('the README of a stranger', () => {
  const readme = (content: string | Buffer): string | null => {
    writeFileSync(path.join(folder, 'README.md'), content);
    return readReadme(folder);
  };

  it('is text without what would steer a terminal or turn writing round', () => {
    expect(readme('a\u001b[31mb\u202ec\u0000d\ne\tf')).toBe('a[31mbcd\ne\tf');
  });

  it('is cut where it is long, and left out where it is huge, empty or a link', () => {
    expect(readme('x'.repeat(200_000))).toHaveLength(100_001);
    expect(readme(Buffer.alloc(2 ** 20 + 1, 'x'))).toBeNull();
    expect(readme('---\nlicense: mit\n---\n')).toBeNull();
    rmSync(path.join(folder, 'README.md'));
    expect(readReadme(folder)).toBeNull();
    writeFileSync(path.join(folder, 'secret'), 'secret');
    symlinkSync(path.join(folder, 'secret'), path.join(folder, 'README.md'));
    expect(readReadme(folder)).toBeNull();
  });
});
