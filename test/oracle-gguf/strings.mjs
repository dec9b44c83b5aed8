import { readFileSync } from 'node:fs';
import path from 'node:path';

const stored = path.resolve(import.meta.dirname, '../unit/tokenizer-cases.json');

// What has told tokenizers apart before: white space of every kind, digits, scripts, marks, cut-up special tokens.
// prettier-ignore
const PIECES = [
  'the whale', ' The', 'WHALE', "don't", "I'LL", " it's", '1', '12', '1234567', ' 3.14', '½', '٣', 'é', 'e\u0301', 'ñandú', 'Straße', 'İ', 'ſ',
  '漢字', 'ひらがな', '한국어', 'العربية', 'हिन्दी', 'ไทย', '🙂', '👩\u200d👧', '🇩🇪', ' ', '  ', '   ', '\n', '\n\n', ' \n', '\r\n', '\t', '\t\t', '\u00a0', '\u2028', '\u3000',
  '\u200b', '\ufeff', '\u0085', '.', '...', '!?', '—', '“', '_', '__init__', '#', '//', '{', '}', '()', '[0]', '=>', '&&', '$', '€', '%', '@', '\\', '/', '~', '^',
  '<|im_start|>', '<|im_end|>', '<|endoftext|>', '<tool>', '<|im_', '|>', 'user\n', 'def f(x):\n    return x', '<a href="x">', 'http://x.org/?q=1',
];

/** Two hundred strings: the stored cases of the tokenizer's tests, and pieces put together by a fixed generator. */
export function strings() {
  const cases = JSON.parse(readFileSync(stored, 'utf8')).cases.map(({ text }) => text);
  let state = 1;
  const draw = (below) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
  while (cases.length < 200)
    cases.push(Array.from({ length: 1 + draw(9) }, () => PIECES[draw(PIECES.length)]).join(draw(3) === 0 ? ' ' : ''));
  return cases;
}
