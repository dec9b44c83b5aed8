import { Environment, Interpreter, parse, tokenize } from '@huggingface/jinja';
import { RankwiseError, reportOf } from '../../preload/contract/errors.ts';
import type { Message } from './messages.ts';

/** What models without a template of their own are trained with. The end-of-text token ends an assistant's turn. */
const SIMPLE_TEMPLATE = `{{- bos_token }}
{%- for message in messages %}
{%- if message.role == 'system' %}{{ message.content + '\\n\\n' }}
{%- elif message.role == 'user' %}{{ 'User: ' + message.content + '\\n' }}
{%- elif message.role == 'assistant' %}{{ 'Assistant: ' + message.content + eos_token + '\\n' }}
{%- else %}{{ message.role + ': ' + message.content + '\\n' }}
{%- endif %}
{%- endfor %}
{%- if add_generation_prompt %}{{ 'Assistant:' }}{% endif %}
`;

/** The tokens that templates know by name: bos_token, eos_token, … */
export type NamedTokens = Readonly<Record<string, string>>;

/** A Jinja template that makes one text of a conversation. */
export class ChatTemplate {
  readonly text: string;
  /** What it is, for reading: “the model's own template”. */
  readonly label: string;
  readonly #program: ReturnType<typeof parse>;
  readonly #tokens: NamedTokens;

  /** Throws E_TEMPLATE where the text is no template. */
  constructor(text: string, label: string, tokens: NamedTokens) {
    this.text = text;
    this.label = label;
    this.#tokens = tokens;
    try {
      this.#program = parse(tokenize(text, { lstrip_blocks: true, trim_blocks: true }));
    } catch (error) {
      throw new RankwiseError(
        'E_TEMPLATE',
        `${sentence(label)} cannot be read: ${reportOf(error).message}.`,
        'Templates are written in Jinja.',
      );
    }
  }

  /** @param generationPrompt end with what an assistant's turn begins with. Throws E_TEMPLATE with what the template says. */
  render(messages: readonly Message[], generationPrompt = false): string {
    const environment = new Environment();
    const names = {
      ...GLOBALS,
      bos_token: '',
      eos_token: '',
      ...this.#tokens,
      // As transformers gives them where there are none: templates ask whether they are none.
      tools: null,
      documents: null,
      messages,
      add_generation_prompt: generationPrompt,
    };
    for (const [name, value] of Object.entries(names)) environment.set(name, value);
    try {
      return new Interpreter(environment).run(this.#program).value as string;
    } catch (error) {
      throw new RankwiseError(
        'E_TEMPLATE',
        `${sentence(this.label)} refuses a row: ${reportOf(error).message.replace(/\.$/, '')}.`,
      );
    }
  }
}

/**
 * The template that a setting means: "auto" = the model's own, or the simple one where it has none; "none" = null; anything else
 * is the text of a template. @param own what the model's folder holds
 */
export function chatTemplateOf(setting: string, own: string | null, tokens: NamedTokens): ChatTemplate | null {
  if (setting === 'none') return null;
  if (setting !== 'auto') return new ChatTemplate(setting, 'the given template', tokens);
  return own === null
    ? new ChatTemplate(SIMPLE_TEMPLATE, 'the simple template', tokens)
    : new ChatTemplate(own, 'the model’s own template', tokens);
}

const GLOBALS: Record<string, unknown> = {
  true: true,
  false: false,
  none: null,
  True: true,
  False: false,
  None: null,
  raise_exception: (message: unknown) => {
    throw new Error(String(message));
  },
  range: (first: number, second?: number, step = 1) => {
    const [begin, end] = second === undefined ? [0, first] : [first, second];
    return Array.from({ length: Math.max(0, Math.ceil((end - begin) / step)) }, (_, i) => begin + i * step);
  },
  // Templates that write today's date get the one that they fall back to: the same rows give the same tokens every day.
  strftime_now: (format: string) => format.replace(/%[A-Za-z]/g, (code) => DATE[code] ?? code),
};

const DATE: Record<string, string> = {
  '%d': '26', '%b': 'Jul', '%B': 'July', '%m': '07', '%Y': '2024', '%y': '24', '%A': 'Friday', '%a': 'Fri',
  '%H': '00', '%I': '12', '%M': '00', '%S': '00', '%p': 'AM', '%j': '208',
}; // prettier-ignore

const sentence = (label: string): string => label.charAt(0).toUpperCase() + label.slice(1);
