import { RankwiseError } from '../../preload/contract/errors.ts';
import type { ChatTemplate } from './chat-template.ts';
import type { Message } from './messages.ts';

/** A piece of a text: first and one-past-last UTF-16 unit. */
export type Span = readonly [begin: number, end: number];

export interface RenderedChat {
  text: string;
  /** What the model has to say itself: the assistant's turns, each with the token that ends it. */
  spans: Span[];
}

// Characters that stand in no text that is meant for reading.
const MARKS = { begin: '\u{F8F0}', end: '\u{F8F1}' };
const PROBE = 'Xq';

/**
 * Renders conversations and finds in the text what the assistant says. Where a turn's content ends is found by rendering it once
 * more between marks; where the model's part begins is where the text that asks for it (the turns before, with the generation
 * prompt) ends. Both are checked against the text itself, so a template that does something else is refused and never guessed at.
 */
export class ChatRenderer {
  readonly #template: ChatTemplate;
  /** What the template writes behind an assistant's content: the token that ends its turn, or white space. Empty where there is nothing. */
  readonly turnEnd: string;
  /** The template begins an assistant's turn where it is asked to. */
  readonly #prompts: boolean;

  /** @param specials texts of the tokenizer's special tokens */
  constructor(template: ChatTemplate, specials: readonly string[]) {
    this.#template = template;
    const question: Message[] = [{ role: 'user', content: 'Q' }];
    const asked = attempt(() => template.render(question));
    this.#prompts = asked !== undefined && attempt(() => template.render(question, true)) !== asked;
    const answered = attempt(() => template.render([...question, { role: 'assistant', content: PROBE }])) ?? '';
    const tail = answered.slice(answered.lastIndexOf(PROBE) + PROBE.length);
    const word = tail.trimStart();
    const special = specials.filter((token) => word.startsWith(token)).sort((a, b) => b.length - a.length)[0];
    this.turnEnd = answered.includes(PROBE) ? (special ?? (word.trimEnd() || tail)) : '';
  }

  /** The text alone. Throws E_TEMPLATE. */
  textOf(messages: readonly Message[]): string {
    return this.#template.render(messages);
  }

  /** @param learnFrom turns before this one are a prompt. Throws E_TEMPLATE. */
  render(messages: readonly Message[], learnFrom: number): RenderedChat {
    const text = this.#template.render(messages);
    const marked = this.#contentsOf(messages, text);
    const spans: Span[] = [];
    for (let i = learnFrom; i < messages.length; i++) {
      if (messages[i]!.role !== 'assistant') continue;
      const span = this.#spanOf(messages, i, text, marked.get(i));
      if (span[1] > span[0]) spans.push(span);
    }
    return { text, spans };
  }

  #spanOf(messages: readonly Message[], i: number, text: string, content: Content | undefined): Span {
    const asking = this.#prompts ? this.#prefix(text, messages.slice(0, i), true) : undefined;
    const end = content?.end ?? this.#endOfTurn(text, messages.slice(0, i + 1));
    const begin =
      asking !== undefined && asking <= Math.min(content?.begin ?? Infinity, end ?? -1) ? asking : content?.begin;
    if (begin === undefined || end === undefined) {
      throw new RankwiseError(
        'E_TEMPLATE',
        `The template hides where the assistant's turn (message ${i + 1}) begins and ends, so it cannot be told what to train on.`,
        'Train on everything (trainOn: all), or use another template.',
      );
    }
    if (this.turnEnd === '' || content === undefined) return [begin, end];
    const space = text.startsWith(this.turnEnd, end) ? 0 : /^\s*/.exec(text.slice(end))![0].length;
    return [begin, text.startsWith(this.turnEnd, end + space) ? end + space + this.turnEnd.length : end];
  }

  /** Where the assistants' contents stand in the text; empty where marks change what the template writes. */
  #contentsOf(messages: readonly Message[], text: string): Map<number, Content> {
    const found = new Map<number, Content>();
    if (text.includes(MARKS.begin) || text.includes(MARKS.end)) return found;
    const places = messages.flatMap(({ role, content }, i) =>
      role === 'assistant' && content.trim() !== '' ? [i] : [],
    );
    const marked = attempt(() =>
      this.#template.render(
        messages.map((each, i) => (places.includes(i) ? { ...each, content: between(each.content) } : each)),
      ),
    );
    if (marked === undefined) return found;
    // The n-th end mark belongs to the n-th content only where none is missing.
    const contents: Content[] = [];
    let plain = '';
    let begin: number | undefined;
    for (const char of marked) {
      if (char === MARKS.begin) begin = plain.length;
      else if (char === MARKS.end) {
        contents.push({ begin, end: plain.length });
        begin = undefined;
      } else plain += char;
    }
    if (plain !== text || contents.length !== places.length) return found;
    places.forEach((place, n) => found.set(place, contents[n]!));
    return found;
  }

  /** Length of the text of the first turns, where it begins the whole text. */
  #prefix(text: string, messages: readonly Message[], generationPrompt: boolean): number | undefined {
    if (messages.length === 0 && !generationPrompt) return 0;
    const before = attempt(() => this.#template.render(messages, generationPrompt));
    return before !== undefined && text.startsWith(before) ? before.length : undefined;
  }

  /** End of the turn that the first turns end with, behind its end token and before the white space that follows. */
  #endOfTurn(text: string, messages: readonly Message[]): number | undefined {
    const through = this.#prefix(text, messages, false);
    if (through === undefined) return undefined;
    const last = this.turnEnd === '' ? -1 : text.lastIndexOf(this.turnEnd, through - this.turnEnd.length);
    const tail = last < 0 ? '' : text.slice(last + this.turnEnd.length, through);
    return last >= 0 && tail.trim() === '' ? last + this.turnEnd.length : text.slice(0, through).trimEnd().length;
  }
}

interface Content {
  /** Undefined where only the end of the content was found. */
  begin: number | undefined;
  end: number;
}

// Marks stand inside of white space, which templates may cut.
function between(content: string): string {
  const core = content.trim();
  const at = content.indexOf(core);
  return content.slice(0, at) + MARKS.begin + core + MARKS.end + content.slice(at + core.length);
}

function attempt<T>(work: () => T): T | undefined {
  try {
    return work();
  } catch {
    return undefined;
  }
}
