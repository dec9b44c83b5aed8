import { trainByteLevelBpe } from '../../main/data/bpe-trainer.ts';
import { mergesOfScores } from '../../main/data/piece-merges.ts';
import { Tokenizer } from '../../main/data/tokenizer.ts';

const added = (content: string, id: number, more: object = {}) => ({
  id,
  content,
  single_word: false,
  lstrip: false,
  rstrip: false,
  normalized: false,
  special: true,
  ...more,
});

const WORDS = 'Hello there, how are you? I am fine. Thank you, the answer is yes. Hi Hi bye bye user assistant system';

/** A byte-level BPE of 300 tokens with special tokens of one's own behind them, as Llama 3 and Qwen have them. */
export function byteTokenizer(specials: string[], config: object, more: object = {}): Tokenizer {
  return new Tokenizer(JSON.stringify(byteTokenizerJson(specials, more)), JSON.stringify(config));
}

/** Its tokenizer.json. */
export function byteTokenizerJson(specials: string[], more: object = {}) {
  const json = trainByteLevelBpe([WORDS, WORDS], 300);
  const size = Object.keys(json.model.vocab).length;
  const tokens = [...json.added_tokens, ...specials.map((content, i) => added(content, size + i))];
  return { ...json, added_tokens: tokens, ...more };
}

const PIECES = ['▁Hello', '▁Hi', '▁the', '▁answer', '▁yes', '▁bye', 'Hello', 'Hi', 'yes', 'bye', '▁▁', '▁you', 'INST'];

/**
 * A BPE in SentencePiece's manner: spaces are ▁, and what has no token is spelled in bytes. `prefix`: a space is put before
 * every text, as Llama 2 does and Gemma does not.
 */
export function spaceTokenizer(specials: string[], config: object, prefix: boolean): Tokenizer {
  return new Tokenizer(JSON.stringify(spaceTokenizerJson(specials, prefix)), JSON.stringify(config));
}

/** Its tokenizer.json. */
export function spaceTokenizerJson(specials: string[], prefix: boolean) {
  const names = ['<unk>', ...specials];
  for (let byte = 0; byte < 256; byte++) names.push(`<0x${byte.toString(16).toUpperCase().padStart(2, '0')}>`);
  for (let code = 0x21; code < 0x7f; code++) names.push(String.fromCharCode(code));
  names.push('▁', '\n');
  for (const piece of PIECES) {
    const letters = [...piece];
    for (let n = 2; n <= letters.length; n++) {
      const whole = letters.slice(0, n).join('');
      if (!names.includes(whole)) names.push(whole);
    }
  }
  const merging = names.map((name, id) => [name, { id, score: -id }] as const).slice(257 + specials.length);
  const merges = mergesOfScores(new Map(merging));
  const replace = { type: 'Replace', pattern: { String: ' ' }, content: '▁' };
  return {
    version: '1.0',
    added_tokens: ['<unk>', ...specials].map((content, id) => added(content, id)),
    normalizer: prefix
      ? { type: 'Sequence', normalizers: [{ type: 'Prepend', prepend: '▁' }, replace] }
      : { type: 'Sequence', normalizers: [replace] },
    pre_tokenizer: null,
    post_processor: {
      type: 'TemplateProcessing',
      single: [{ SpecialToken: { id: specials[0], type_id: 0 } }, { Sequence: { id: 'A', type_id: 0 } }],
      pair: [],
      special_tokens: { [specials[0]!]: { id: specials[0], ids: [1], tokens: [specials[0]] } },
    },
    decoder: {
      type: 'Sequence',
      decoders: [
        { type: 'Replace', pattern: { String: '▁' }, content: ' ' },
        { type: 'ByteFallback' },
        { type: 'Fuse' },
        { type: 'Strip', content: ' ', start: prefix ? 1 : 0, stop: 0 },
      ],
    },
    model: {
      type: 'BPE',
      dropout: null,
      unk_token: '<unk>',
      continuing_subword_prefix: null,
      end_of_word_suffix: null,
      fuse_unk: true,
      byte_fallback: true,
      vocab: Object.fromEntries(names.map((name, id) => [name, id])),
      merges,
    },
  };
}
