import type { Tokenizer } from '../data/tokenizer.ts';

/**
 * The text of a growing list of ids, told token by token. A character whose bytes are not all there yet belongs to the token that
 * completes it. Only the last few tokens are decoded each time: what stands before them cannot change.
 */
export class TokenText {
  readonly #tokenizer: Tokenizer;
  readonly #ids: number[] = [];
  // Tokens from #context up to #told have been told; they are what the next ones are decoded after.
  #context = 0;
  #told = 0;
  #text = '';

  constructor(tokenizer: Tokenizer) {
    this.#tokenizer = tokenizer;
  }

  /** What has been told so far. */
  get text(): string {
    return this.#text;
  }

  /** The text of an id if it came next. */
  peek(id: number): string {
    return this.#after([...this.#ids.slice(this.#told), id]);
  }

  /** Takes the next id; returns what it adds to the text, "" where it leaves a character unfinished. */
  take(id: number): string {
    this.#ids.push(id);
    const added = this.#after(this.#ids.slice(this.#told));
    if (added.endsWith('\uFFFD')) return '';
    this.#context = this.#told;
    this.#told = this.#ids.length;
    this.#text += added;
    return added;
  }

  /** What is still untold at the end, where the last character was never finished. */
  finish(): string {
    const rest = this.#told < this.#ids.length ? this.#after(this.#ids.slice(this.#told)) : '';
    this.#told = this.#ids.length;
    this.#text += rest;
    return rest;
  }

  #after(ids: number[]): string {
    const context = this.#ids.slice(this.#context, this.#told);
    const before = this.#tokenizer.decode(context);
    return this.#tokenizer.decode([...context, ...ids]).slice(before.length);
  }
}
