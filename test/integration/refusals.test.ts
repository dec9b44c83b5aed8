import path from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { Terminal } from './command-line.ts';

const terminal = new Terminal();
afterAll(() => terminal.close());

describe('wrong usage ends with 2', () => {
  it.each([
    [[]],
    [['trian']],
    [['train']],
    [['plan', 'a.json', '--bogus']],
    [['generate', '--model', 'm']],
    [['generate', '--model', 'm', '--prompt', 'p', '--max-tokens', 'many']],
    [['eval', '--model', 'm', '--data', 'd', '--precision', 'f16']],
    [['runs', 'compare']],
  ])('rankwise %j', async (args) => {
    const { status, stdout, stderr } = await terminal.start(args);
    expect(status).toBe(2);
    expect(stdout).toBe('');
    expect(stderr).not.toBe('');
  });

  it.each([[['--help']], [['--version']], [['train', '--help']]])('but rankwise %j ends with 0', async (args) => {
    expect((await terminal.start(args)).status).toBe(0);
  });
});

describe('bad input ends with 1, a code, a sentence, and nothing on standard output', () => {
  const tokens = terminal.file('noise.safetensors', Buffer.from('no safetensors at all'));
  it.each<[string, () => string[], string, string]>([
    ['a missing run file', () => ['train', 'absent.json'], 'E_RUN_FILE', 'absent.json'],
    [
      'a run file that is no JSON',
      () => ['plan', terminal.file('broken.json', '{"model":')],
      'E_RUN_FILE',
      'is not JSON',
    ],
    ['an unknown setting', () => ['plan', terminal.runFile('a', { training: { stepz: 1 } })], 'E_RUN_FILE', '“steps”'],
    ['an unknown method', () => ['plan', terminal.runFile('b', { method: { name: 'loqtt' } })], 'E_METHOD', '“loqt”'],
    [
      'a rank out of range',
      () => ['plan', terminal.runFile('c', { method: { name: 'lora', rank: 0 } })],
      'E_METHOD',
      'at least 1',
    ],
    [
      'a target that no layer has',
      () => ['plan', terminal.runFile('d', { method: { name: 'lora', rank: 4 }, targets: ['nothing_proj'] })],
      'E_TARGETS',
      'nothing_proj',
    ],
    ['no such data', () => ['plan', terminal.runFile('e', { data: { train: 'absent.txt' } })], 'E_DATA', 'absent.txt'],
    [
      'text that is not UTF-8',
      () => [
        'plan',
        terminal.runFile('f', { data: { train: terminal.file('latin.txt', Buffer.from('caf\xe9', 'latin1')) } }),
      ],
      'E_DATA',
      'byte 3',
    ],
    [
      'empty text',
      () => ['plan', terminal.runFile('g', { data: { train: terminal.file('empty.txt', '') } })],
      'E_DATA',
      'is empty',
    ],
    [
      'a tokens file that is none',
      () => ['plan', terminal.runFile('h', { data: { train: tokens } })],
      'E_SAFETENSORS',
      'noise.safetensors',
    ],
    ['no such model', () => ['plan', terminal.runFile('i', { model: { path: 'absent' } })], 'E_MODEL', 'absent'],
    [
      'a model without weights',
      () => ['plan', terminal.runFile('j', { initialize: 'pretrained' })],
      'E_MODEL',
      'no *.safetensors',
    ],
    ['nothing to resume', () => ['resume', terminal.folder], 'E_RESUME', 'holds no run'],
    ['an unknown run', () => ['runs', 'show', 'nobody'], 'E_RUN', 'nobody'],
    [
      'a model folder that is none',
      () => ['generate', '--model', terminal.folder, '--prompt', 'x'],
      'E_MODEL',
      'config.json',
    ],
  ])('%s', async (_, args, code, words) => {
    const { status, stdout, stderr } = await terminal.start([...args(), '--json']);
    expect(status).toBe(1);
    expect(stdout).toBe('');
    expect(stderr.split('\n')[0]).toMatch(new RegExp(`^${code}: `));
    expect(stderr).toContain(words);
    expect(stderr).not.toContain('    at ');
  });

  it('an architecture that the engine does not know', async () => {
    const config = {
      model_type: 'gpt2',
      vocab_size: 320,
      n_embd: 64,
      n_layer: 2,
      n_head: 4,
      architectures: ['GPT2LMHeadModel'],
    };
    terminal.file('other/config.json', JSON.stringify(config));
    const { status, stderr } = await terminal.start([
      'plan',
      terminal.runFile('k', { model: { path: path.join(terminal.folder, 'other') } }),
    ]);
    expect(status).toBe(1);
    expect(stderr).toMatch(/^E_(UNSUPPORTED|CONFIG): /);
  });
});
