import type { ChatTemplate } from './chat-template.ts';
import type { Example } from './example.ts';
import type { Message } from './messages.ts';

/** An example as turns of a chat; those from `learnFrom` on may be learned. */
export function chatOf(example: Exclude<Example, { kind: 'text' }>): { messages: Message[]; learnFrom: number } {
  if (example.kind === 'messages') return example;
  const messages: Message[] = [
    { role: 'user', content: joined([example.prompt, example.input]) },
    { role: 'assistant', content: example.completion },
  ];
  if (example.system !== '') messages.unshift({ role: 'system', content: example.system });
  return { messages, learnFrom: messages.length - 1 };
}

/** What stands before a completion that is joined to its prompt without a template. */
export function promptOf({ system, prompt, input }: Example & { kind: 'completion' }): string {
  return joined([system, prompt, input]);
}

/** The letters of an example, with or without a template: what a tokenizer is trained on. */
export function lettersOf(example: Example, template: ChatTemplate | null): string {
  if (example.kind === 'text') return example.text;
  if (template) return template.render(chatOf(example).messages);
  if (example.kind === 'completion') return promptOf(example) + example.completion;
  return joined(example.messages.map(({ content }) => content));
}

const joined = (parts: readonly string[]): string => parts.filter((part) => part !== '').join('\n\n');
