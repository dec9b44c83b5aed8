/** What keeps a text from being JSON: the place of the first fault in it, and in words what is wrong there. */
export interface JsonFault {
  offset: number;
  message: string;
}

const SPACE = /[ \t\n\r]*/y;
const NUMBER = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y;
const WORD = /[\p{L}\p{N}_]+/uy;
const DEEPEST = 500;

/** The first fault of a text, or null where it is JSON. JSON.parse says the same, but not always where. */
export function jsonFault(text: string): JsonFault | null {
  try {
    const scan = new Scan(text);
    scan.value(0);
    scan.space();
    if (scan.at < text.length) scan.fail(`${scan.shown()} after the end of the value`);
    return null;
  } catch (fault) {
    if (fault instanceof Fault) return { offset: fault.offset, message: fault.message };
    throw fault;
  }
}

class Fault extends Error {
  readonly offset: number;

  constructor(offset: number, message: string) {
    super(message);
    this.offset = offset;
  }
}

class Scan {
  at = 0;
  readonly #text: string;

  constructor(text: string) {
    this.#text = text;
  }

  fail(message: string, offset = this.at): never {
    throw new Fault(offset, message);
  }

  space(): void {
    this.#match(SPACE);
  }

  value(depth: number): void {
    if (depth > DEEPEST) this.fail(`nested more than ${DEEPEST} deep`);
    this.space();
    const first = this.#text[this.at];
    if (first === '{') return this.#list('}', 'object', () => this.#pair(depth));
    if (first === '[') return this.#list(']', 'list', () => this.value(depth + 1));
    if (first === '"') return this.#string();
    if (this.#match(NUMBER)) return;
    const word = this.#peek(WORD);
    if (['true', 'false', 'null'].includes(word)) {
      this.at += word.length;
      return;
    }
    if (word === 'NaN' || word === 'Infinity') this.fail(`${word} is no number of JSON`);
    if (first === "'") this.fail('single quotes: JSON takes double ones');
    this.fail(`expected a value, found ${this.shown()}`);
  }

  /** What stands at the place, for a sentence. */
  shown(): string {
    if (this.at >= this.#text.length) return 'the end';
    const code = this.#text.codePointAt(this.at)!;
    return code < 0x20 ? `a control character (${code})` : `“${String.fromCodePoint(code)}”`;
  }

  #pair(depth: number): void {
    this.space();
    if (this.#text[this.at] !== '"') this.fail(`expected a name in double quotes, found ${this.shown()}`);
    this.#string();
    this.space();
    if (this.#text[this.at] !== ':') this.fail(`expected “:” after the name, found ${this.shown()}`);
    this.at += 1;
    this.value(depth + 1);
  }

  #list(end: string, noun: string, entry: () => void): void {
    const begin = this.at;
    this.at += 1;
    this.space();
    if (this.#text[this.at] === end) {
      this.at += 1;
      return;
    }
    for (;;) {
      entry();
      this.space();
      const next = this.#text[this.at];
      if (next === undefined) this.fail(`the ${noun} that begins at character ${begin + 1} is not closed`);
      if (next !== ',' && next !== end) this.fail(`expected “,” or “${end}”, found ${this.shown()}`);
      this.at += 1;
      if (next === end) return;
      this.space();
      if (this.#text[this.at] === end) this.fail(`a comma before “${end}”`);
    }
  }

  #string(): void {
    const begin = this.at;
    for (this.at += 1; ; this.at += 1) {
      const unit = this.#text.charCodeAt(this.at);
      if (Number.isNaN(unit)) this.fail(`the text that begins at character ${begin + 1} has no closing quote`);
      if (unit === 0x22) break;
      if (unit < 0x20) this.fail(`${this.shown()} within a text: write it as an escape`);
      if (unit !== 0x5c) continue;
      const escape = /\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4})/y;
      escape.lastIndex = this.at;
      const found = escape.exec(this.#text);
      if (!found) this.fail(`“\\${this.#text[this.at + 1] ?? ''}” is no escape of JSON`);
      this.at += found[0].length - 1;
    }
    this.at += 1;
  }

  #peek(pattern: RegExp): string {
    pattern.lastIndex = this.at;
    return pattern.exec(this.#text)?.[0] ?? '';
  }

  #match(pattern: RegExp): boolean {
    const found = this.#peek(pattern);
    this.at += found.length;
    return found.length > 0;
  }
}
