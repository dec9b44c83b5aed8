import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ggufTokenizer } from '../../main/data/gguf-tokenizer.ts';
import { mergesOfScores, scoresOfMerges } from '../../main/data/piece-merges.ts';
import type { TokenizerFile } from '../../main/data/tokenizer-file.ts';
import { tokenizerOfGguf } from '../../main/data/tokenizer-of-gguf.ts';
import { Tokenizer } from '../../main/data/tokenizer.ts';
import { readModelFolder } from '../../main/formats/model-folder.ts';
import { byteTokenizerJson, spaceTokenizerJson } from './tiny-tokenizers.ts';

let folder: string;
beforeEach(() => (folder = mkdtempSync(path.join(tmpdir(), 'rankwise-gguf-'))));
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const SPECIALS = ['<s>', '</s>', '<|im_end|>'];
const CONFIG = { bos_token: '<s>', eos_token: '</s>', chat_template: '{{ messages[0].content }}' };
const TEXTS = ['Hello there', ' Hi  bye ', '', 'the answer is yes</s>Hi', 'é😀 x\n\tHello you', '<s>bye'];

function keysOf(json: object, config: object = CONFIG): Record<string, unknown> {
  const size = 700;
  writeFileSync(path.join(folder, 'config.json'), JSON.stringify({ model_type: 'llama', vocab_size: size }));
  writeFileSync(path.join(folder, 'tokenizer.json'), JSON.stringify(json));
  writeFileSync(path.join(folder, 'tokenizer_config.json'), JSON.stringify(config));
  const { keys } = ggufTokenizer(readModelFolder(folder));
  return Object.fromEntries(keys.map(({ key, value }) => [key.replace('tokenizer.', ''), value]));
}

function backFrom(keys: Record<string, unknown>): Tokenizer {
  const files = tokenizerOfGguf(keys);
  return new Tokenizer(JSON.stringify(files['tokenizer.json']), JSON.stringify(files['tokenizer_config.json']));
}

const GPT2_RULE = { type: 'ByteLevel', add_prefix_space: false, trim_offsets: true, use_regex: true };
const DIGITS = { type: 'Sequence', pretokenizers: [{ type: 'Digits', individual_digits: true }, GPT2_RULE] };

describe('a tokenizer that went through the keys of a GGUF file', () => {
  it.each([
    ['bytes by the rule of GPT-2', byteTokenizerJson(SPECIALS, { pre_tokenizer: GPT2_RULE })],
    ['bytes by the rule of SmolLM', byteTokenizerJson(SPECIALS, { pre_tokenizer: DIGITS })],
    ['pieces with a space in front', spaceTokenizerJson(SPECIALS, true)],
    ['pieces without', spaceTokenizerJson(SPECIALS, false)],
  ])('cuts as it did: %s', (_, json) => {
    const before = new Tokenizer(JSON.stringify(json), JSON.stringify(CONFIG));
    const after = backFrom(keysOf(json));
    for (const text of TEXTS) {
      expect(after.encode(text), text).toEqual(before.encode(text));
      expect(after.decode(after.encode(text)), text).toBe(before.decode(before.encode(text)));
    }
    expect(after.endId).toBe(before.endId);
    expect(after.addedTokens).toEqual(before.addedTokens);
  });

  it('takes the spaces behind the tokens of Phi-3, which a file says by its name alone', () => {
    const json = spaceTokenizerJson(SPECIALS, true);
    const own = json.added_tokens.map((token) => ({ ...token, rstrip: !['<unk>', '<s>'].includes(token.content) }));
    const phi = new Tokenizer(JSON.stringify({ ...json, added_tokens: own }), JSON.stringify(CONFIG));
    const files = tokenizerOfGguf(keysOf(json), 'Phi-3 mini');
    const back = new Tokenizer(JSON.stringify(files['tokenizer.json']), JSON.stringify(files['tokenizer_config.json']));
    const text = 'Hi<|im_end|>\n Hello</s> you<s> bye';
    expect(back.encode(text)).toEqual(phi.encode(text));
    expect(back.encode(text)).not.toEqual(backFrom(keysOf(json)).encode(text));
  });

  it('keeps its chat template and the ends of its texts', () => {
    const files = tokenizerOfGguf(keysOf(byteTokenizerJson(SPECIALS, { pre_tokenizer: GPT2_RULE })));
    expect(files['tokenizer_config.json']).toMatchObject(CONFIG);
    expect(files['generation_config.json']).toEqual({ eos_token_id: [expect.any(Number)] });
  });
});

describe('scores of pieces', () => {
  const file = (merges: [string, string][], pieces: string[]): [TokenizerFile, Set<string>] => [
    {
      normalizer: null,
      pre_tokenizer: null,
      model: { type: 'BPE', vocab: Object.fromEntries(pieces.map((piece, id) => [piece, id])), merges },
    },
    new Set(pieces),
  ];
  const letters = ['a', 'b', 'c'];

  it('say what a list of merges says, whichever way a piece is made', () => {
    const merges: [string, string][] = [['b', 'c'], ['a', 'b'], ['a', 'bc'], ['ab', 'c']]; // prettier-ignore
    const scores = scoresOfMerges(...file(merges, [...letters, 'bc', 'ab', 'abc']))!;
    expect([...scores]).toEqual([['bc', -0], ['ab', -1], ['abc', -2]]); // prettier-ignore
    const pieces = new Map([...letters, 'bc', 'ab', 'abc'].map((piece, id) => [piece, { id, score: scores.get(piece) ?? -9 }])); // prettier-ignore
    expect(mergesOfScores(pieces)).toEqual(merges);
  });

  it.each<[string, [string, string][], string[]]>([
    ['a split that the list leaves out', [['a', 'b'], ['b', 'c'], ['ab', 'c']], [...letters, 'ab', 'bc', 'abc']],
    ['a piece whose merges stand apart', [['a', 'bc'], ['b', 'c'], ['a', 'b'], ['ab', 'c']], [...letters, 'bc', 'ab', 'abc']],
    ['a merge of what is no piece', [['a', 'd']], letters],
  ])('cannot say %s', (_, merges, pieces) => {
    expect(scoresOfMerges(...file(merges, pieces))).toBeNull();
  }); // prettier-ignore
});

describe('a tokenizer is refused by name', () => {
  const bytes = (): Record<string, unknown> => keysOf(byteTokenizerJson(SPECIALS, { pre_tokenizer: GPT2_RULE }));
  it.each<[string, Record<string, unknown>, string]>([
    ['another kind', { 'ggml.model': 'bert' }, '“bert”'],
    ['another rule for words', { 'ggml.pre': 'tekken' }, '“tekken”'],
    ['no tokens', { 'ggml.tokens': undefined }, 'lists no tokens'],
    ['kinds of other tokens', { 'ggml.token_type': [1] }, 'list of kinds'],
    ['merges of what is not there', { 'ggml.merges': ['qq zz'] }, '“qq zz”'],
    ['pieces without scores', { 'ggml.model': 'llama' }, 'no scores'],
  ])('%s', (_, change, words) => {
    expect(() => tokenizerOfGguf({ ...bytes(), ...change })).toThrow(words);
  });

  it('where pieces lack bytes, text is changed or words are cut', () => {
    const pieces = spaceTokenizerJson(SPECIALS, true);
    expect(() => keysOf({ ...pieces, normalizer: { type: 'Lowercase' } })).toThrow('Lowercase');
    expect(() => keysOf({ ...pieces, pre_tokenizer: { type: 'WhitespaceSplit' } })).toThrow('WhitespaceSplit');
    const { '<0x00>': _gone, ...vocab } = pieces.model.vocab;
    expect(() => keysOf({ ...pieces, model: { ...pieces.model, vocab } })).toThrow('every byte');
  });
});
