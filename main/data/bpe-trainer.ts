import { byteCharacters } from './byte-alphabet.ts';

/** Ends a document; id 0 of every vocabulary that is trained here. */
export const END_OF_TEXT = '<|endoftext|>';

// GPT-2's words, as readers of the tokenizer.json (Oniguruma) take them, and the same for JavaScript, whose \s has U+FEFF
// and lacks U+0085.
const WORDS_FOR_READERS = String.raw`'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+`;
const WORDS = new RegExp(
  WORDS_FOR_READERS.replaceAll('\\s', '\\p{White_Space}').replaceAll('\\S', '\\P{White_Space}'),
  'gu',
);

/** A Hugging Face tokenizer.json, as far as it is written here. */
export interface TokenizerJson {
  version: string;
  added_tokens: {
    id: number;
    content: string;
    single_word: boolean;
    lstrip: boolean;
    rstrip: boolean;
    normalized: boolean;
    special: boolean;
  }[];
  model: { type: 'BPE'; vocab: Record<string, number>; merges: [string, string][] } & Record<string, unknown>;
  [part: string]: unknown;
}

interface Word {
  symbols: number[];
  count: number;
}

/** A pair of symbols as one number: both fit in 26 bits. */
const PAIR = 2 ** 26;

/**
 * Trains a byte-level BPE tokenizer: `<|endoftext|>`, the 256 bytes, then the most frequent pairs until the vocabulary has
 * `vocabSize` entries or no pair occurs twice. Ties go to the pair of lower ids, so the same text gives the same tokenizer.
 * `vocabSize` of at least 257.
 */
export function trainByteLevelBpe(texts: Iterable<string>, vocabSize: number): TokenizerJson {
  const words = countWords(texts);
  const names = [END_OF_TEXT, ...byteCharacters];
  const merges: [string, string][] = [];
  const pairs = new PairTable(words);
  while (names.length < vocabSize) {
    const pair = pairs.mostFrequent();
    if (pair === undefined) break;
    const left = Math.floor(pair / PAIR);
    const right = pair % PAIR;
    merges.push([names[left]!, names[right]!]);
    pairs.replace(left, right, names.length);
    names.push(names[left]! + names[right]!);
  }
  return tokenizerJson(names, merges);
}

/** Ids of a text under a vocabulary without a single merge: no tokenizer that is trained here makes more of it. */
export const byteIds = (text: string): number[] => Array.from(Buffer.from(text, 'utf8'), (byte) => byte + 1);

// Words as byte symbols (byte + 1, since id 0 is the end of a text), in order of their first occurrence.
function countWords(texts: Iterable<string>): Word[] {
  const counts = new Map<string, number>();
  for (const text of texts) {
    for (const document of text.split(END_OF_TEXT)) {
      for (const [word] of document.matchAll(WORDS)) counts.set(word, (counts.get(word) ?? 0) + 1);
    }
  }
  return Array.from(counts, ([word, count]) => ({
    symbols: byteIds(word),
    count,
  }));
}

/** How often each pair of neighbours occurs, kept up to date under merges. */
class PairTable {
  readonly #words: Word[];
  readonly #counts = new Map<number, number>();
  readonly #places = new Map<number, Set<number>>();
  readonly #heap = new PairHeap();

  constructor(words: Word[]) {
    this.#words = words;
    for (const [index, word] of words.entries()) {
      for (let i = 0; i + 1 < word.symbols.length; i++)
        this.#add(word.symbols[i]! * PAIR + word.symbols[i + 1]!, word.count, index);
    }
    for (const [pair, count] of this.#counts) this.#heap.push(pair, count);
  }

  mostFrequent(): number | undefined {
    for (;;) {
      const top = this.#heap.pop();
      if (!top) return undefined;
      const count = this.#counts.get(top.pair) ?? 0;
      if (count === top.count) return count >= 2 ? top.pair : undefined;
      // The entry is out of date: counts that fell are put back at their place (those that rose were pushed when they did).
      if (count >= 2 && count < top.count) this.#heap.push(top.pair, count);
    }
  }

  /** Merges every occurrence of (left, right) into `merged`. */
  replace(left: number, right: number, merged: number): void {
    const changed = new Set<number>();
    const places = this.#places.get(left * PAIR + right) ?? [];
    for (const index of places) {
      const { symbols, count } = this.#words[index]!;
      const add = (a: number, b: number, by: number): void => {
        this.#add(a * PAIR + b, by, index);
        if (by > 0) changed.add(a * PAIR + b);
      };
      let write = 0;
      for (let read = 0; read < symbols.length;) {
        if (read + 1 < symbols.length && symbols[read] === left && symbols[read + 1] === right) {
          const before = write > 0 ? symbols[write - 1] : undefined;
          const after = symbols[read + 2];
          if (before !== undefined) {
            add(before, left, -count);
            add(before, merged, count);
          }
          add(left, right, -count);
          if (after !== undefined) {
            add(right, after, -count);
            add(merged, after, count);
          }
          symbols[write++] = merged;
          read += 2;
        } else {
          symbols[write++] = symbols[read++]!;
        }
      }
      symbols.length = write;
    }
    this.#places.delete(left * PAIR + right);
    for (const pair of changed) this.#heap.push(pair, this.#counts.get(pair)!);
  }

  #add(pair: number, by: number, word: number): void {
    const count = (this.#counts.get(pair) ?? 0) + by;
    if (count > 0) this.#counts.set(pair, count);
    else this.#counts.delete(pair);
    if (by <= 0) return;
    const places = this.#places.get(pair);
    if (places) places.add(word);
    else this.#places.set(pair, new Set([word]));
  }
}

/** A heap of (pair, count): highest count first, lower pair first among equals. Entries may be out of date. */
class PairHeap {
  readonly #pairs: number[] = [];
  readonly #counts: number[] = [];

  push(pair: number, count: number): void {
    let at = this.#pairs.length;
    this.#pairs.push(pair);
    this.#counts.push(count);
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (!this.#before(at, parent)) break;
      this.#swap(at, parent);
      at = parent;
    }
  }

  pop(): { pair: number; count: number } | undefined {
    const last = this.#pairs.length - 1;
    if (last < 0) return undefined;
    this.#swap(0, last);
    const top = { pair: this.#pairs.pop()!, count: this.#counts.pop()! };
    for (let at = 0; ;) {
      let first = at;
      for (const child of [2 * at + 1, 2 * at + 2]) if (child < last && this.#before(child, first)) first = child;
      if (first === at) return top;
      this.#swap(at, first);
      at = first;
    }
  }

  #before(a: number, b: number): boolean {
    const byCount = this.#counts[a]! - this.#counts[b]!;
    return byCount !== 0 ? byCount > 0 : this.#pairs[a]! < this.#pairs[b]!;
  }

  #swap(a: number, b: number): void {
    [this.#pairs[a], this.#pairs[b]] = [this.#pairs[b]!, this.#pairs[a]!];
    [this.#counts[a], this.#counts[b]] = [this.#counts[b]!, this.#counts[a]!];
  }
}

function tokenizerJson(names: readonly string[], merges: [string, string][]): TokenizerJson {
  const byteLevel = { type: 'ByteLevel', add_prefix_space: false, trim_offsets: true, use_regex: false };
  const split = { type: 'Split', pattern: { Regex: WORDS_FOR_READERS }, behavior: 'Isolated', invert: false };
  return {
    version: '1.0',
    truncation: null,
    padding: null,
    added_tokens: [
      {
        id: 0,
        content: END_OF_TEXT,
        single_word: false,
        lstrip: false,
        rstrip: false,
        normalized: false,
        special: true,
      },
    ],
    normalizer: null,
    // The words as a pattern of its own: readers disagree about the white space of ByteLevel's built-in one.
    pre_tokenizer: { type: 'Sequence', pretokenizers: [split, byteLevel] },
    post_processor: null,
    decoder: byteLevel,
    model: {
      type: 'BPE',
      dropout: null,
      unk_token: null,
      continuing_subword_prefix: null,
      end_of_word_suffix: null,
      fuse_unk: false,
      byte_fallback: false,
      ignore_merges: false,
      vocab: Object.fromEntries(names.map((name, id) => [name, id])),
      merges,
    },
  };
}

/** The tokenizer_config.json that goes with it. */
export const bpeTokenizerConfig = {
  tokenizer_class: 'PreTrainedTokenizerFast',
  bos_token: null,
  eos_token: END_OF_TEXT,
  pad_token: END_OF_TEXT,
  clean_up_tokenization_spaces: false,
  model_max_length: 1_000_000_000,
};
