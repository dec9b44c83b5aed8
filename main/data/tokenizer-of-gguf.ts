import { RankwiseError } from '../../preload/contract/errors.ts';
import { TOKEN_KIND } from './gguf-token-kind.ts';
import { mergesOfScores } from './piece-merges.ts';
import { preTokenizerOf } from './pre-tokenizer-name.ts';

/** The keys of a GGUF file under `tokenizer.`, by name without it: "ggml.tokens". */
export type TokenizerKeys = Readonly<Record<string, unknown>>;

/** The files of a tokenizer, ready to be written as JSON. */
export interface TokenizerFiles {
  'tokenizer.json': object;
  'tokenizer_config.json': object;
  'generation_config.json': object;
}

const NO_TOKEN_WAY = 'Name a folder with the tokenizer.json of the same model.';

/**
 * The tokenizer that a GGUF file describes, as Hugging Face's files. Byte-level BPE whose rule for words has a name here, and
 * SentencePiece's BPE; another one, or one that is damaged, is refused: E_TOKENIZER.
 * @param name what the file calls its model: of Phi-3, readers know by it which tokens take the spaces behind them
 */
export function tokenizerOfGguf(keys: TokenizerKeys, name = ''): TokenizerFiles {
  const vocabulary = vocabularyOf(keys);
  const kind = keys['ggml.model'];
  const isPhi3 = /phi-?3/i.test(name);
  if (kind === 'gpt2') return filesOf(keys, vocabulary, bytesParts(keys, vocabulary), isPhi3);
  if (kind === 'llama') return filesOf(keys, vocabulary, spacesParts(keys, vocabulary), isPhi3);
  throw unreadable(`it is ${typeof kind === 'string' ? `“${kind}”` : 'not there'}`);
}

const unreadable = (why: string): RankwiseError =>
  new RankwiseError('E_TOKENIZER', `The tokenizer in this GGUF file cannot be read here: ${why}.`, NO_TOKEN_WAY);

interface Token {
  id: number;
  text: string;
  kind: number;
}

function vocabularyOf(keys: TokenizerKeys): Token[] {
  const texts = keys['ggml.tokens'];
  const kinds = keys['ggml.token_type'];
  if (!Array.isArray(texts) || !texts.every((text) => typeof text === 'string')) throw unreadable('it lists no tokens');
  if (kinds !== undefined && (!Array.isArray(kinds) || kinds.length !== texts.length))
    throw unreadable('its list of kinds does not belong to its tokens');
  return texts.map((text, id) => ({ id, text, kind: kinds === undefined ? TOKEN_KIND.normal : Number(kinds[id]) }));
}

interface Parts {
  normalizer: object | null;
  pre_tokenizer: object | null;
  decoder: object;
  model: object;
  /** Behaviour of a reader that names the token which stands for what it does not know. */
  unknown: string | null;
}

function bytesParts(keys: TokenizerKeys, vocabulary: readonly Token[]): Parts {
  const name = keys['ggml.pre'];
  const known = typeof name === 'string' ? preTokenizerOf(name) : undefined;
  if (known === undefined)
    throw unreadable(`its rule for words is ${typeof name === 'string' ? `“${name}”` : 'not named'}`);
  const merges = keys['ggml.merges'];
  if (!Array.isArray(merges) || !merges.every((merge): merge is string => typeof merge === 'string'))
    throw unreadable('it lists no merges');
  const vocab = new Map(vocabulary.filter(({ kind }) => kind === TOKEN_KIND.normal).map(({ text, id }) => [text, id]));
  const pairs = merges.map((merge) => {
    const at = merge.indexOf(' ', 1);
    const pair: [string, string] = [merge.slice(0, at), merge.slice(at + 1)];
    if (at < 1 || !pair.every((part) => vocab.has(part)) || !vocab.has(pair.join('')))
      throw unreadable(`it merges what it has no tokens for (“${merge}”)`);
    return pair;
  });
  return {
    normalizer: null,
    pre_tokenizer: known.rule,
    decoder: { type: 'ByteLevel', add_prefix_space: true, trim_offsets: true, use_regex: true },
    model: bpe(Object.fromEntries(vocab), pairs, { ignore_merges: known.ignoreMerges }),
    unknown: null,
  };
}

const SPACE = '▁';
const replace = (from: string, to: string): object => ({ type: 'Replace', pattern: { String: from }, content: to });

function spacesParts(keys: TokenizerKeys, vocabulary: readonly Token[]): Parts {
  const scores = keys['ggml.scores'];
  if (!Array.isArray(scores) || scores.length !== vocabulary.length) throw unreadable('its pieces have no scores');
  const pieces = new Map(
    vocabulary
      .filter(({ kind }) => kind === TOKEN_KIND.normal)
      .map(({ text, id }) => [text, { id, score: Number(scores[id]) }]),
  );
  const inVocabulary = new Set([TOKEN_KIND.normal, TOKEN_KIND.byte, TOKEN_KIND.unknown]);
  const vocab = vocabulary.filter(({ kind }) => inVocabulary.has(kind)).map(({ text, id }) => [text, id] as const);
  if (vocabulary.filter(({ kind }) => kind === TOKEN_KIND.byte).length !== 256)
    throw unreadable('it does not have a token for every byte');
  const prefix = keys['ggml.add_space_prefix'] !== false;
  const unknown = vocabulary.find(({ kind }) => kind === TOKEN_KIND.unknown)?.text ?? null;
  return {
    normalizer: {
      type: 'Sequence',
      normalizers: [...(prefix ? [{ type: 'Prepend', prepend: SPACE }] : []), replace(' ', SPACE)],
    },
    pre_tokenizer: null,
    decoder: {
      type: 'Sequence',
      decoders: [
        replace(SPACE, ' '),
        { type: 'ByteFallback' },
        { type: 'Fuse' },
        { type: 'Strip', content: ' ', start: prefix ? 1 : 0, stop: 0 },
      ],
    },
    model: bpe(Object.fromEntries(vocab), mergesOfScores(pieces), {
      unk_token: unknown,
      fuse_unk: true,
      byte_fallback: true,
    }),
    unknown,
  };
}

const bpe = (vocab: Record<string, number>, merges: [string, string][], more: object): object => ({
  type: 'BPE',
  dropout: null,
  unk_token: null,
  continuing_subword_prefix: null,
  end_of_word_suffix: null,
  fuse_unk: false,
  byte_fallback: false,
  ignore_merges: false,
  vocab,
  merges,
  ...more,
});

/** Of Phi-3's special tokens, those that leave the spaces behind them. */
const PLAIN_IN_PHI3 = new Set(['<unk>', '<s>', '<|endoftext|>']);

function filesOf(keys: TokenizerKeys, vocabulary: readonly Token[], parts: Parts, isPhi3: boolean): TokenizerFiles {
  const { unknown, model, ...rules } = parts;
  const named = (name: string): Token | undefined => {
    const id = keys[`ggml.${name}_token_id`];
    return typeof id === 'number' ? vocabulary[id] : undefined;
  };
  const [begin, end] = [named('bos'), named('eos')];
  const wholes = new Set([TOKEN_KIND.control, TOKEN_KIND.ownText, TOKEN_KIND.unknown]);
  const added = vocabulary.filter(({ kind }) => wholes.has(kind));
  const before = keys['ggml.add_bos_token'] === true && begin ? begin : undefined;
  const after = keys['ggml.add_eos_token'] === true && end ? end : undefined;
  const template = keys.chat_template;
  return {
    'tokenizer.json': {
      version: '1.0',
      truncation: null,
      padding: null,
      added_tokens: added.map(({ id, text, kind }) => ({
        id,
        content: text,
        single_word: false,
        lstrip: false,
        rstrip: isPhi3 && !PLAIN_IN_PHI3.has(text),
        normalized: false,
        special: kind !== TOKEN_KIND.ownText,
      })),
      ...rules,
      post_processor: surrounding(before, after),
      model,
    },
    'tokenizer_config.json': {
      tokenizer_class: 'PreTrainedTokenizerFast',
      bos_token: begin?.text ?? null,
      eos_token: end?.text ?? null,
      pad_token: named('padding')?.text ?? null,
      unk_token: named('unknown')?.text ?? unknown,
      clean_up_tokenization_spaces: false,
      ...(typeof template === 'string' ? { chat_template: template } : {}),
    },
    'generation_config.json': {
      eos_token_id: ['eos', 'eot', 'eom'].flatMap((name) => named(name)?.id ?? []),
    },
  };
}

function surrounding(before: Token | undefined, after: Token | undefined): object | null {
  const special = [before, after].filter((token) => token !== undefined);
  if (special.length === 0) return null;
  const place = ({ text }: Token): object => ({ SpecialToken: { id: text, type_id: 0 } });
  const text = { Sequence: { id: 'A', type_id: 0 } };
  return {
    type: 'TemplateProcessing',
    single: [...(before ? [place(before)] : []), text, ...(after ? [place(after)] : [])],
    pair: [],
    special_tokens: Object.fromEntries(
      special.map(({ text: name, id }) => [name, { id: name, ids: [id], tokens: [name] }]),
    ),
  };
}
