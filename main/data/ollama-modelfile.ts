import type { GgufType } from '../../preload/contract/exports.ts';
import { reportOf } from '../../preload/contract/errors.ts';
import { ChatTemplate, type NamedTokens } from './chat-template.ts';
import type { Message } from './messages.ts';

/** A way to write chats of which Ollama's spelling is known. */
interface Spelling {
  render: (messages: readonly Message[]) => string;
  template: string;
  stop: string;
}

const CHATML: Spelling = {
  render: (messages) =>
    messages.map(({ role, content }) => `<|im_start|>${role}\n${content}<|im_end|>\n`).join('') +
    '<|im_start|>assistant\n',
  template: '{{ range .Messages }}<|im_start|>{{ .Role }}\n{{ .Content }}<|im_end|>\n{{ end }}<|im_start|>assistant\n',
  stop: '<|im_end|>',
};

const user = (content: string): Message => ({ role: 'user', content });
const PROBES: readonly (readonly Message[])[] = [
  [user('Hello')],
  [user('  two\n\nlines '), { role: 'assistant', content: 'Yes.' }, user('And “then”?')],
  [{ role: 'system', content: 'Be brief.' }, user('Hello')],
];

/**
 * The Modelfile with which Ollama takes in a GGUF file that lies beside it. It has a TEMPLATE only where that renders every probe of
 * chats exactly as the model's own chat template; without one, Ollama looks for its own by the file's.
 */
export function ollamaModelfile(
  file: string,
  type: GgufType,
  chatTemplate: string | null,
  tokens: NamedTokens,
): { text: string; hasTemplate: boolean } {
  const exact = chatTemplate !== null && rendersAs(CHATML, chatTemplate, tokens);
  const lines = [`# ${type.toUpperCase()}; ollama create NAME -f <this file>`, `FROM ./${file}`];
  if (exact) lines.push(`TEMPLATE """${CHATML.template}"""`, `PARAMETER stop "${CHATML.stop}"`);
  return { text: `${lines.join('\n')}\n`, hasTemplate: exact };
}

function rendersAs(spelling: Spelling, text: string, tokens: NamedTokens): boolean {
  try {
    const template = new ChatTemplate(text, 'the model’s own template', tokens);
    return PROBES.every((messages) => template.render(messages, true) === spelling.render(messages));
  } catch (error) {
    if (reportOf(error).code === 'E_TEMPLATE') return false;
    throw error;
  }
}
