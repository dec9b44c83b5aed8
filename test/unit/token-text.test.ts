import { describe, expect, it } from 'vitest';
import type { Tokenizer } from '../../main/data/tokenizer.ts';
import { TokenText } from '../../main/services/token-text.ts';
import { byteTokenizer, spaceTokenizer } from './tiny-tokenizers.ts';

const TEXTS = ['Hello there, how are you?', 'the  answer\n\nis yes', 'naïve café – 鯨 🐋 Hello', 'Hi Hi'];
const KINDS: [string, Tokenizer][] = [
  ['bytes', byteTokenizer(['<|end|>'], { eos_token: '<|end|>' })],
  ['pieces with a leading space', spaceTokenizer(['<s>', '</s>'], { bos_token: '<s>', eos_token: '</s>' }, true)],
  ['pieces without', spaceTokenizer(['<s>', '</s>'], { bos_token: '<s>', eos_token: '</s>' }, false)],
];

describe.each(KINDS)('text token by token: %s', (_, tokenizer) => {
  it.each(TEXTS)('%j comes in whole characters that make up the whole', (text) => {
    const ids = tokenizer.encode(text);
    const growing = new TokenText(tokenizer);
    const parts = ids.map((id) => {
      const expected = growing.peek(id);
      const part = growing.take(id);
      if (part !== '') expect(part).toBe(expected);
      return part;
    });
    expect(parts.join('') + growing.finish()).toBe(tokenizer.decode(ids));
    expect(parts.some((part) => part.includes('\uFFFD'))).toBe(false);
  });

  it('an unfinished character comes at the end', () => {
    const growing = new TokenText(tokenizer);
    for (const id of tokenizer.encode('🐋').slice(0, -1)) growing.take(id);
    const told = growing.text;
    expect(growing.finish()).toContain('\uFFFD');
    expect(growing.text.startsWith(told)).toBe(true);
  });
});
