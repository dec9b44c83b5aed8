/** A turn of a conversation as chat templates take it: what else an entry holds (a tool call, a name) goes along. */
export interface Message {
  role: string;
  content: string;
  [more: string]: unknown;
}

/** ShareGPT's speakers as roles. */
const SPEAKERS: Record<string, string> = {
  human: 'user',
  user: 'user',
  gpt: 'assistant',
  chatgpt: 'assistant',
  bard: 'assistant',
  bing: 'assistant',
  assistant: 'assistant',
  model: 'assistant',
  bot: 'assistant',
  system: 'system',
  tool: 'tool',
  function: 'tool',
  function_response: 'tool',
  observation: 'tool',
};

/** True for a list of turns: OpenAI's {role, content} or ShareGPT's {from, value}. */
export function looksLikeMessages(value: unknown): boolean {
  const first: unknown = Array.isArray(value) ? value[0] : undefined;
  if (typeof first !== 'object' || first === null) return false;
  return ('role' in first && ('content' in first || 'tool_calls' in first)) || ('from' in first && 'value' in first);
}

/** A list of turns; a sentence about what is wrong where it is none. */
export function messagesOf(value: unknown): Message[] | string {
  if (!Array.isArray(value)) return `expected a list of messages, found ${nounOf(value)}`;
  if (value.length === 0) return 'the list of messages is empty';
  const messages: Message[] = [];
  for (const [i, entry] of value.entries()) {
    const message = messageOf(entry);
    if (typeof message === 'string') return `message ${i + 1}: ${message}`;
    messages.push(message);
  }
  return messages;
}

function messageOf(entry: unknown): Message | string {
  if (typeof entry !== 'object' || entry === null || Array.isArray(entry))
    return `expected an object, found ${nounOf(entry)}`;
  const { role, from, content, value, ...rest } = entry as Record<string, unknown>;
  const named = role ?? from;
  if (typeof named !== 'string' || named === '') return 'it has no “role” (or “from”)';
  const text = contentOf(content ?? value);
  if (text === null) return `its content is ${nounOf(content ?? value)}, not text`;
  // OpenAI's roles are the templates' own; only ShareGPT's speakers have other names.
  return { ...rest, role: role === undefined ? (SPEAKERS[named.toLowerCase()] ?? named) : named, content: text };
}

/** Text, parts of text joined, or nothing (as beside a tool call); null for anything else, such as pictures. */
function contentOf(content: unknown): string | null {
  if (typeof content === 'string') return content;
  if (content === undefined || content === null) return '';
  if (!Array.isArray(content)) return null;
  const parts = content.map((part: unknown) => {
    if (typeof part === 'string') return part;
    const { type, text } = (part ?? {}) as { type?: unknown; text?: unknown };
    return (type === undefined || type === 'text') && typeof text === 'string' ? text : null;
  });
  return parts.includes(null) ? null : parts.join('');
}

export function nounOf(value: unknown): string {
  if (value === null || value === undefined) return 'nothing';
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'string') return 'text';
  return typeof value === 'object' ? 'an object' : `a ${typeof value}`;
}
