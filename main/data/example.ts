import type { DataKind, Mapping, ColumnRole } from '../../preload/contract/datasets.ts';
import { looksLikeMessages, messagesOf, nounOf, type Message } from './messages.ts';
import type { Row } from './readers/row.ts';
import { kindOf } from './roles.ts';

/** What a row says once its columns have roles. */
export type Example =
  | { kind: 'text'; text: string }
  | { kind: 'completion'; system: string; prompt: string; input: string; completion: string }
  /** Turns from `learnFrom` on may be learned; the ones before are the prompt. */
  | { kind: 'messages'; messages: Message[]; learnFrom: number };

/** Makes examples of rows. A row of preference pairs gives its chosen answer, which is what can be shown of it. */
export class ExampleReader {
  readonly kind: DataKind;
  readonly #columns: Partial<Record<ColumnRole, string>>;

  constructor(mapping: Mapping) {
    this.kind = kindOf(mapping);
    this.#columns = Object.fromEntries(Object.entries(mapping).map(([name, role]) => [role, name]));
  }

  /** An example, or a sentence about what keeps the row from being one. */
  read(row: Row): Example | string {
    if (this.kind === 'messages') return this.#conversation(row);
    if (this.kind === 'completion') return this.#pair(row, 'completion');
    if (this.kind === 'preference') return this.#pair(row, 'chosen');
    const text = this.#text(row, 'text');
    if ('problem' in text) return text.problem;
    return text.value.trim() === '' ? `“${this.#columns.text}” is empty` : { kind: 'text', text: text.value };
  }

  #conversation(row: Row): Example | string {
    const messages = messagesOf(row.values[this.#columns.messages!]);
    if (typeof messages === 'string') return `“${this.#columns.messages}”: ${messages}`;
    const system = this.#text(row, 'system');
    if ('problem' in system) return system.problem;
    return { kind: 'messages', messages: withSystem(system.value, messages), learnFrom: 0 };
  }

  #pair(row: Row, answer: 'completion' | 'chosen'): Example | string {
    const system = this.#text(row, 'system');
    if ('problem' in system) return system.problem;
    const value = (role: ColumnRole): unknown => {
      const column = this.#columns[role];
      return column === undefined ? undefined : row.values[column];
    };
    if (looksLikeMessages(value('prompt')) || looksLikeMessages(value(answer))) {
      return this.#conversationalPair(answer, system.value, value('prompt'), value(answer));
    }
    const parts = [this.#text(row, 'prompt'), this.#text(row, 'input'), this.#text(row, answer)] as const;
    const wrong = parts.find((part) => 'problem' in part);
    if (wrong) return wrong.problem;
    const [prompt, input, completion] = parts.map((part) => ('value' in part ? part.value : '')) as [
      string,
      string,
      string,
    ];
    return { kind: 'completion', system: system.value, prompt, input, completion };
  }

  // Prompt and answer as lists of turns, or one of them as text.
  #conversationalPair(answer: ColumnRole, system: string, prompt: unknown, given: unknown): Example | string {
    const turns = (value: unknown, role: string): Message[] | string =>
      typeof value === 'string' ? [{ role, content: value }] : value === undefined ? [] : messagesOf(value);
    const before = turns(prompt, 'user');
    const after = turns(given, 'assistant');
    if (typeof before === 'string') return `“${this.#columns.prompt}”: ${before}`;
    if (typeof after === 'string') return `“${this.#columns[answer]}”: ${after}`;
    // Preference pairs often repeat the prompt at the beginning of both answers.
    const repeated =
      before.length > 0 && after.length > before.length && sameTurns(before, after.slice(0, before.length));
    const asked = withSystem(system, before);
    return {
      kind: 'messages',
      messages: [...asked, ...(repeated ? after.slice(before.length) : after)],
      learnFrom: asked.length,
    };
  }

  // A column's value as text. Numbers and truth values are written out; what is missing is empty.
  #text(row: Row, role: ColumnRole): { value: string } | { problem: string } {
    const column = this.#columns[role];
    const value = column === undefined ? undefined : row.values[column];
    if (typeof value === 'string') return { value };
    if (value === undefined || value === null) return { value: '' };
    if (typeof value === 'number' || typeof value === 'boolean') return { value: String(value) };
    return { problem: `“${column}” holds ${nounOf(value)}, expected text` };
  }
}

function withSystem(system: string, messages: Message[]): Message[] {
  return system === '' || messages[0]?.role === 'system'
    ? messages
    : [{ role: 'system', content: system }, ...messages];
}

function sameTurns(a: readonly Message[], b: readonly Message[]): boolean {
  return a.every((message, i) => message.role === b[i]!.role && message.content === b[i]!.content);
}
