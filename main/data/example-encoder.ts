import type { ChatTemplate } from './chat-template.ts';
import { ChatRenderer, type Span } from './assistant-spans.ts';
import { RankwiseError } from '../../preload/contract/errors.ts';
import type { Example } from './example.ts';
import { chatOf, promptOf } from './example-text.ts';
import { tokenPlaces, tokensBefore } from './token-places.ts';
import type { Tokenizer } from './tokenizer.ts';

/** A row as tokens. `trained` holds 1 for every token that is to be learned. */
export interface EncodedExample {
  ids: Int32Array;
  trained: Uint8Array;
  /** Tokens that the tokenizer put before those of the text. */
  leading: number;
}

/** A row as text: what the tokens are made of, and which parts of it are to be learned. */
export interface RenderedExample {
  text: string;
  spans: Span[];
  /** Special tokens stand where the template wrote them; else the tokenizer puts its own around the text. */
  complete: boolean;
}

/** Turns examples into tokens. The same example gives the same tokens everywhere: preview, x-ray and training use this. */
export class ExampleEncoder {
  readonly #tokenizer: Tokenizer;
  readonly #trainOn: 'completions' | 'all';
  readonly #chats: ChatRenderer | null;

  /** @param template null = prompt and completion are joined as they stand */
  constructor(tokenizer: Tokenizer, template: ChatTemplate | null, trainOn: 'completions' | 'all') {
    this.#tokenizer = tokenizer;
    this.#trainOn = trainOn;
    const specials = [...tokenizer.addedTokens].flatMap(([text, { special }]) => (special ? [text] : []));
    this.#chats = template && new ChatRenderer(template, [...specials, ...Object.values(tokenizer.namedTokens)]);
  }

  /** Throws E_TEMPLATE where the template refuses the row, or there is none and the row is a chat. */
  encode(example: Example): EncodedExample {
    if (example.kind === 'text') {
      const ids = this.#tokenizer.encodeDocument(example.text);
      return { ids, trained: new Uint8Array(ids.length).fill(1), leading: this.#tokenizer.leadingIds.length };
    }
    const { text, spans, complete } = this.render(example);
    const spelled = this.#tokenizer.spell(text);
    const leading = complete ? [] : this.#tokenizer.leadingIds;
    const ending = this.#endingOf(complete, spelled.ids.at(-1));
    const ids = Int32Array.from([...leading, ...spelled.ids, ...ending]);
    const trained = new Uint8Array(ids.length);
    if (this.#trainOn === 'all') return { ids, trained: trained.fill(1), leading: leading.length };
    trained.set(trainedTokens(this.#tokenizer, text, spelled, spans), leading.length);
    // The end belongs to the answer that it follows.
    if (spans.length > 0 && text.slice(spans.at(-1)![1]).trim() === '') trained.fill(1, ids.length - ending.length);
    return { ids, trained, leading: leading.length };
  }

  render(example: Example): RenderedExample {
    if (example.kind === 'text') return { text: example.text, spans: [[0, example.text.length]], complete: false };
    if (this.#chats) {
      const { messages, learnFrom } = chatOf(example);
      // What is learned whole needs no telling apart.
      if (this.#trainOn === 'all') return { text: this.#chats.textOf(messages), spans: [], complete: true };
      return { ...this.#chats.render(messages, learnFrom), complete: true };
    }
    if (example.kind === 'messages') {
      throw new RankwiseError(
        'E_TEMPLATE',
        'Chats need a template.',
        'Set the template to “auto”, or give the text of one.',
      );
    }
    const prompt = promptOf(example);
    const text = prompt + example.completion;
    return { text, spans: example.completion === '' ? [] : [[prompt.length, text.length]], complete: false };
  }

  // The end-of-text token, where nothing else ends the row: a model that never sees an end never stops.
  #endingOf(complete: boolean, last: number | undefined): number[] {
    const { endId } = this.#tokenizer;
    const ended = endId === undefined || last === endId || (complete && this.#chats!.turnEnd.trim() !== '');
    return ended ? [] : [endId];
  }
}

/** 1 for the tokens that hold a character of a span, whole or in part. */
function trainedTokens(
  tokenizer: Tokenizer,
  text: string,
  { ids, tokens }: { ids: number[]; tokens: string[] },
  spans: readonly Span[],
): Uint8Array {
  const trained = new Uint8Array(ids.length);
  const places = tokenPlaces(tokenizer, text, tokens);
  for (const [begin, end] of spans) {
    if (places) {
      const first = Buffer.byteLength(text.slice(0, begin));
      const last = first + Buffer.byteLength(text.slice(begin, end));
      for (let i = 0; i < ids.length; i++) if (places.ends[i]! > first && places.begins[i]! < last) trained[i] = 1;
    } else {
      const before = tokensBefore(tokenizer, text, ids, begin);
      const through = tokensBefore(tokenizer, text, ids, end);
      trained.fill(1, before.count, through.count + (through.cut ? 1 : 0));
    }
  }
  return trained;
}
