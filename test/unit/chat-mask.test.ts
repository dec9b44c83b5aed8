import { describe, expect, it } from 'vitest';
import { trainByteLevelBpe, bpeTokenizerConfig } from '../../main/data/bpe-trainer.ts';
import { ChatRenderer, type Span } from '../../main/data/assistant-spans.ts';
import { ChatTemplate, chatTemplateOf } from '../../main/data/chat-template.ts';
import { ExampleEncoder } from '../../main/data/example-encoder.ts';
import type { Message } from '../../main/data/messages.ts';
import { tokenPlaces } from '../../main/data/token-places.ts';
import { Tokenizer } from '../../main/data/tokenizer.ts';
import { byteTokenizer, spaceTokenizer } from './tiny-tokenizers.ts';

const chat = (...turns: string[]): Message[] =>
  turns.map((turn) => {
    const [role, ...content] = turn.split(': ');
    return { role: { s: 'system', u: 'user', a: 'assistant' }[role!] ?? role!, content: content.join(': ') };
  });
/** The text with what is trained on in ⟦ ⟧. */
const inked = (text: string, spans: readonly Span[]): string =>
  spans.toReversed().reduce((all, [a, b]) => `${all.slice(0, a)}⟦${all.slice(a, b)}⟧${all.slice(b)}`, text);

const CHATML = `{%- for message in messages %}
{{- '<|im_start|>' + message.role + '\\n' + message.content + '<|im_end|>' + '\\n' }}
{%- endfor %}
{%- if add_generation_prompt %}{{- '<|im_start|>assistant\\n' }}{% endif %}`;
const CHATML_WITHOUT_PROMPT = CHATML.split('\n').slice(0, 3).join('\n');
const LLAMA3 = `{%- for message in messages %}
{%- set turn = '<|start_header_id|>' + message['role'] + '<|end_header_id|>\\n\\n' + message['content'] | trim + '<|eot_id|>' %}
{%- if loop.first %}{% set turn = bos_token + turn %}{% endif %}
{{- turn }}
{%- endfor %}
{%- if add_generation_prompt %}{{- '<|start_header_id|>assistant<|end_header_id|>\\n\\n' }}{% endif %}`;
const LLAMA2 = `{%- if messages[0].role == 'system' %}{% set rest = messages[1:] %}{% set system = messages[0].content %}
{%- else %}{% set rest = messages %}{% set system = false %}{% endif %}
{%- for message in rest %}
{%- if (message.role == 'user') != (loop.index0 % 2 == 0) %}{{ raise_exception('Roles must alternate') }}{% endif %}
{%- if loop.first and system %}{% set content = '<<SYS>>\\n' + system + '\\n<</SYS>>\\n\\n' + message.content %}
{%- else %}{% set content = message.content %}{% endif %}
{%- if message.role == 'user' %}{{- bos_token + '[INST] ' + content.strip() + ' [/INST]' }}
{%- else %}{{- ' ' + content.strip() + ' ' + eos_token }}{% endif %}
{%- endfor %}`;
const MISTRAL = `{{- bos_token }}
{%- for message in messages %}
{%- if message.role == 'user' %}{{- '[INST] ' + message.content + '[/INST]' }}
{%- elif message.role == 'assistant' %}{{- ' ' + message.content + eos_token }}
{%- else %}{{- raise_exception('Only user and assistant') }}{% endif %}
{%- endfor %}`;
const GEMMA = `{{- bos_token }}
{%- for message in messages %}
{%- set role = 'model' if message.role == 'assistant' else message.role %}
{{- '<start_of_turn>' + role + '\\n' + message.content | trim + '<end_of_turn>\\n' }}
{%- endfor %}
{%- if add_generation_prompt %}{{- '<start_of_turn>model\\n' }}{% endif %}`;
const PHI3 = `{%- for message in messages %}
{{- '<|' + message.role + '|>\n' + message.content + '<|end|>\n' }}
{%- endfor %}
{%- if add_generation_prompt %}{{- '<|assistant|>\n' }}{% else %}{{- eos_token }}{% endif %}`;
const PHI4 = `{%- for message in messages %}
{{- '<|im_start|>' + message.role + '<|im_sep|>' + message.content + '<|im_end|>' }}
{%- endfor %}
{%- if add_generation_prompt %}{{- '<|im_start|>assistant<|im_sep|>' }}{% endif %}`;
// Only a turn that others follow has a line break behind its end.
const OLMO2 = `{{- bos_token }}
{%- for message in messages %}
{%- if message.role == 'assistant' %}
{{- '<|assistant|>\n' + message.content + eos_token }}{% if not loop.last %}{{- '\n' }}{% endif %}
{%- else %}{{- '<|' + message.role + '|>\n' + message.content + '\n' }}{% endif %}
{%- endfor %}
{%- if add_generation_prompt %}{{- '<|assistant|>\n' }}{% endif %}`;
// Thoughts of earlier turns are dropped, and the last turn always has a place for them, as reasoning models do it.
const THINKER = `{%- set ns = namespace(last=-1) %}
{%- for message in messages %}{% if message.role == 'user' %}{% set ns.last = loop.index0 %}{% endif %}{% endfor %}
{%- for message in messages %}
{%- set content = message.content %}{% set thought = '' %}
{%- if message.role == 'assistant' and '</think>' in content %}
{%- set thought = content.split('</think>')[0].split('<think>')[-1].strip('\\n') %}
{%- set content = content.split('</think>')[-1].lstrip('\\n') %}{% endif %}
{%- if message.role == 'assistant' and loop.index0 > ns.last %}
{{- '<|im_start|>assistant\\n<think>\\n' + thought + '\\n</think>\\n\\n' + content + '<|im_end|>\\n' }}
{%- else %}{{- '<|im_start|>' + message.role + '\\n' + content + '<|im_end|>\\n' }}{% endif %}
{%- endfor %}
{%- if add_generation_prompt %}{{- '<|im_start|>assistant\\n' }}{% endif %}`;

const tokens = { bos_token: '<s>', eos_token: '</s>' };
const specials = ['<s>', '</s>', '<|im_start|>', '<|im_end|>', '<|start_header_id|>', '<|end_header_id|>', '<|eot_id|>',
  '<start_of_turn>', '<end_of_turn>', '<|end|>', '<|assistant|>', '<|user|>', '<|im_sep|>']; // prettier-ignore
const rendered = (template: string, messages: Message[], learnFrom = 0): string => {
  const { text, spans } = new ChatRenderer(new ChatTemplate(template, 'it', tokens), specials).render(
    messages,
    learnFrom,
  );
  return inked(text, spans);
};
const CHAT = chat('u: Hi', 'a: Hello there', 'u: Hi', 'a: bye');

describe('what the assistant says', () => {
  it.each([
    [
      'ChatML',
      CHATML,
      '<|im_start|>user\nHi<|im_end|>\n<|im_start|>assistant\n⟦Hello there<|im_end|>⟧\n' +
        '<|im_start|>user\nHi<|im_end|>\n<|im_start|>assistant\n⟦bye<|im_end|>⟧\n',
    ],
    [
      'ChatML that never asks',
      CHATML_WITHOUT_PROMPT,
      '<|im_start|>user\nHi<|im_end|>\n<|im_start|>assistant\n⟦Hello there<|im_end|>⟧\n' +
        '<|im_start|>user\nHi<|im_end|>\n<|im_start|>assistant\n⟦bye<|im_end|>⟧\n',
    ],
    [
      'Llama 3',
      LLAMA3,
      '<s><|start_header_id|>user<|end_header_id|>\n\nHi<|eot_id|><|start_header_id|>assistant<|end_header_id|>\n\n⟦Hello there<|eot_id|>⟧' +
        '<|start_header_id|>user<|end_header_id|>\n\nHi<|eot_id|><|start_header_id|>assistant<|end_header_id|>\n\n⟦bye<|eot_id|>⟧',
    ],
    ['Llama 2', LLAMA2, '<s>[INST] Hi [/INST] ⟦Hello there </s>⟧<s>[INST] Hi [/INST] ⟦bye </s>⟧'],
    ['Mistral', MISTRAL, '<s>[INST] Hi[/INST] ⟦Hello there</s>⟧[INST] Hi[/INST] ⟦bye</s>⟧'],
    [
      'Gemma',
      GEMMA,
      '<s><start_of_turn>user\nHi<end_of_turn>\n<start_of_turn>model\n⟦Hello there<end_of_turn>⟧\n' +
        '<start_of_turn>user\nHi<end_of_turn>\n<start_of_turn>model\n⟦bye<end_of_turn>⟧\n',
    ],
    [
      'Phi-3',
      PHI3,
      '<|user|>\nHi<|end|>\n<|assistant|>\n⟦Hello there<|end|>⟧\n<|user|>\nHi<|end|>\n<|assistant|>\n⟦bye<|end|>⟧\n</s>',
    ],
    [
      'Phi-4',
      PHI4,
      '<|im_start|>user<|im_sep|>Hi<|im_end|><|im_start|>assistant<|im_sep|>⟦Hello there<|im_end|>⟧' +
        '<|im_start|>user<|im_sep|>Hi<|im_end|><|im_start|>assistant<|im_sep|>⟦bye<|im_end|>⟧',
    ],
    ['OLMo2', OLMO2, '<s><|user|>\nHi\n<|assistant|>\n⟦Hello there</s>⟧\n<|user|>\nHi\n<|assistant|>\n⟦bye</s>⟧'],
  ])('is found in %s', (_, template, expected) => {
    expect(rendered(template, CHAT)).toBe(expected);
  });

  it('is found whatever it repeats, trims or looks like', () => {
    const hostile = chat('s: Hi', 'u: Hello there', 'a:   Hello there\n', 'u: assistant', 'a: <|im_start|>assistant\n');
    expect(rendered(LLAMA3, hostile)).toBe(
      '<s><|start_header_id|>system<|end_header_id|>\n\nHi<|eot_id|><|start_header_id|>user<|end_header_id|>\n\nHello there<|eot_id|>' +
        '<|start_header_id|>assistant<|end_header_id|>\n\n⟦Hello there<|eot_id|>⟧' +
        '<|start_header_id|>user<|end_header_id|>\n\nassistant<|eot_id|>' +
        '<|start_header_id|>assistant<|end_header_id|>\n\n⟦<|im_start|>assistant<|eot_id|>⟧',
    );
    expect(rendered(CHATML, chat('u: a', 'a:  m '))).toBe(
      '<|im_start|>user\na<|im_end|>\n<|im_start|>assistant\n⟦ m <|im_end|>⟧\n',
    );
  });

  it('begins where the model is asked, thoughts included, although earlier thoughts are dropped', () => {
    expect(
      rendered(THINKER, chat('u: Hi', 'a: <think>\nhm\n</think>\n\nHello', 'u: Hi', 'a: <think>\nso\n</think>\n\nbye')),
    ).toBe(
      '<|im_start|>user\nHi<|im_end|>\n<|im_start|>assistant\n⟦Hello<|im_end|>⟧\n' +
        '<|im_start|>user\nHi<|im_end|>\n<|im_start|>assistant\n⟦<think>\nso\n</think>\n\nbye<|im_end|>⟧\n',
    );
    expect(rendered(THINKER, chat('u: Hi', 'a: bye'))).toBe(
      '<|im_start|>user\nHi<|im_end|>\n<|im_start|>assistant\n⟦<think>\n\n</think>\n\nbye<|im_end|>⟧\n',
    );
  });

  it('counts from where the answer begins', () => {
    expect(rendered(CHATML, CHAT, 3)).toContain('assistant\nHello there<|im_end|>\n');
    expect(rendered(CHATML, CHAT, 3)).toMatch(/assistant\n⟦bye<\|im_end\|>⟧\n$/);
  });

  it('may be nothing but the end of a turn, or a call of a tool', () => {
    expect(rendered(CHATML, chat('u: Hi', 'a: '))).toBe(
      '<|im_start|>user\nHi<|im_end|>\n<|im_start|>assistant\n⟦<|im_end|>⟧\n',
    );
  });

  it('is refused where the template refuses it, in the words of the template', () => {
    expect(() => rendered(LLAMA2, chat('a: Hi', 'u: Hi'))).toThrow('It refuses a row: Roles must alternate.');
    expect(() => rendered('{% for m in %}', CHAT)).toThrow('It cannot be read');
  });

  it('is refused where a template hides it', () => {
    expect(() => rendered("{% for m in messages %}{{ m.content | upper }}{% endfor %}{{ messages | length }}", chat('u: x', 'a: ß'))).not.toThrow(); // prettier-ignore
    expect(() => rendered("{{ messages | length }}{% for m in messages %}{{ m.content | length }}{% endfor %}", CHAT)).toThrow('hides where'); // prettier-ignore
  });

  it('does not depend on the day', () => {
    const dated = new ChatTemplate('{{ strftime_now("%d %b %Y") }}', 'it', {});
    expect(dated.render([])).toBe('26 Jul 2024');
  });
});

/** The tokens of a chat, the trained ones in [ ]. */
function tokensOf(tokenizer: Tokenizer, template: string, messages: Message[]): string {
  const encoder = new ExampleEncoder(tokenizer, chatTemplateOf(template, null, tokenizer.namedTokens), 'completions');
  const { ids, trained } = encoder.encode({ kind: 'messages', messages, learnFrom: 0 });
  const { text } = encoder.render({ kind: 'messages', messages, learnFrom: 0 });
  const { ids: whole, tokens: names } = tokenizer.spell(text);
  expect([...ids].slice(0, whole.length)).toEqual(whole);
  const shown = [...ids].map((_, i) => names[i] ?? '<end>');
  return shown.map((name, i) => (trained[i] ? `[${name}]` : name)).join('·');
}

describe('tokens that are trained on', () => {
  it('ChatML over bytes: content and end of turn, not the line break behind it', () => {
    const tokenizer = byteTokenizer(['<|im_start|>', '<|im_end|>'], { eos_token: '<|im_end|>' });
    const spelled = (text: string, trained = false): string =>
      tokenizer
        .spell(text)
        .tokens.map((token) => (trained ? `[${token}]` : token))
        .join('·');
    expect(tokensOf(tokenizer, CHATML, chat('u: Hi', 'a: bye'))).toBe(
      [
        `<|im_start|>·${spelled('user\nHi')}·<|im_end|>·Ċ`,
        `<|im_start|>·${spelled('assistant\n')}·${spelled('bye', true)}·[<|im_end|>]·Ċ`,
      ].join('·'),
    );
  });

  it('Llama 2 over spaces: the space that joins the answer is part of its first token', () => {
    const tokenizer = spaceTokenizer(['<s>', '</s>'], tokens, true);
    expect(tokensOf(tokenizer, LLAMA2, chat('u: Hi', 'a: Hello', 'u: yes', 'a: bye'))).toBe(
      '<s>·▁·[·INST·]·▁Hi·▁·[·/·INST·]·[▁Hello]·[▁]·[</s>]·<s>·▁·[·INST·]·▁yes·▁·[·/·INST·]·[▁bye]·[▁]·[</s>]',
    );
  });

  it('Gemma over spaces without a prefix: letters without a token are bytes, each trained', () => {
    const tokenizer = spaceTokenizer(
      ['<bos>', '<eos>', '<start_of_turn>', '<end_of_turn>'],
      { bos_token: '<bos>' },
      false,
    );
    const found = tokensOf(tokenizer, GEMMA, chat('u: Hi', 'a: é yes'));
    expect(found.startsWith('<bos>·<start_of_turn>·')).toBe(true);
    expect(found).toContain('·[<0xC3>]·[<0xA9>]·[▁yes]·[<end_of_turn>]·\n');
    expect(found.match(/\[/g)).toHaveLength(4);
  });

  it('the simple template: an end token that the tokenizer has, and one that it lacks', () => {
    const own = new Tokenizer(JSON.stringify(trainByteLevelBpe([], 257)), JSON.stringify(bpeTokenizerConfig));
    expect(tokensOf(own, 'auto', chat('u: a', 'a: b'))).toBe(
      'U·s·e·r·:·Ġ·a·Ċ·A·s·s·i·s·t·a·n·t·:·[Ġ]·[b]·[<|endoftext|>]·Ċ',
    );
    const json = trainByteLevelBpe([], 257);
    const vocab = Object.fromEntries(Object.entries(json.model.vocab).filter(([name]) => name !== '<|endoftext|>'));
    const endless = new Tokenizer(JSON.stringify({ ...json, added_tokens: [], model: { ...json.model, vocab } }), '{}');
    expect(tokensOf(endless, 'auto', chat('u: a', 'a: b'))).toBe('U·s·e·r·:·Ġ·a·Ċ·A·s·s·i·s·t·a·n·t·:·[Ġ]·[b]·[Ċ]');
  });
});

describe('prompt and completion', () => {
  const tokenizer = spaceTokenizer(['<s>', '</s>'], tokens, true);
  const example = { kind: 'completion', system: '', prompt: 'Hi', input: '', completion: ' yes' } as const;
  const show = (trainOn: 'completions' | 'all', more: object = {}) => {
    const { ids, trained } = new ExampleEncoder(tokenizer, null, trainOn).encode({ ...example, ...more });
    const text = (id: number): string => tokenizer.decode([id]).trim() || `#${id}`;
    return [...ids].map((id, i) => (trained[i] ? `[${text(id)}]` : text(id))).join('·');
  };

  it('are joined as they stand without a template, with the tokenizer’s beginning and a learned end', () => {
    expect(show('completions')).toBe('#1·Hi·[yes]·[#2]');
    expect(show('all')).toBe('[#1]·[Hi]·[yes]·[[#2]'.replace('[[', '['));
    expect(show('completions', { completion: '' })).toBe('#1·Hi·#2');
  });

  it('a token on both sides of the border is learned', () => {
    expect(show('completions', { prompt: 'H', completion: 'i yes' })).toBe('#1·[Hi]·[yes]·[#2]');
  });
});

describe('places of tokens', () => {
  const texts = [
    'Hello there',
    ' Hello',
    '  Hi  ',
    '',
    '\n<s>Hi',
    '<s> Hi</s> bye',
    'é😀 \u00a0x',
    'yes<s><s>\t',
    '▁x',
  ];

  it.each(texts)('are found in %j over bytes and over spaces', (text) => {
    for (const tokenizer of [
      byteTokenizer(['<s>', '</s>'], {}),
      spaceTokenizer(['<s>', '</s>'], tokens, true),
      spaceTokenizer(['<s>', '</s>'], tokens, false),
    ]) {
      // prettier-ignore
      const { tokens: names } = tokenizer.spell(text);
      const places = tokenPlaces(tokenizer, text, names);
      if (text === '▁x' && tokenizer.spelling === 'spaces') {
        // SentencePiece cannot tell its own sign from a space.
        expect(places).toBeNull();
        continue;
      }
      expect(places).not.toBeNull();
      const bytes = Buffer.from(text);
      const joined = [...places!.begins].map((begin, i) => bytes.subarray(begin, places!.ends[i]));
      expect(Buffer.concat(joined)).toEqual(bytes);
    }
  });

  it('are counted by beginnings where a tokenizer changes letters', () => {
    const lower = byteTokenizer(
      ['<|im_start|>', '<|im_end|>'],
      { eos_token: '<|im_end|>' },
      { normalizer: { type: 'Lowercase' } },
    );
    const text = '<|im_start|>user\nHI<|im_end|>\n<|im_start|>assistant\nBYE<|im_end|>\n';
    expect(tokenPlaces(lower, text, lower.spell(text).tokens)).toBeNull();
    const shown = tokensOf(lower, CHATML, chat('u: HI', 'a: BYE'));
    const answer = lower.spell('bye').tokens.map((name) => `[${name}]`).join('·'); // prettier-ignore
    expect(shown.endsWith(`Ċ·${answer}·[<|im_end|>]·Ċ`)).toBe(true);
    expect(shown.match(/\[/g)).toHaveLength(lower.spell('bye').ids.length + 1);
  });

  it('are counted by beginnings where letters are composed', () => {
    const composing = byteTokenizer(
      ['<|im_start|>', '<|im_end|>'],
      { eos_token: '<|im_end|>' },
      { normalizer: { type: 'NFC' } },
    );
    const shown = tokensOf(composing, CHATML, chat('u: e\u0301', 'a: e\u0301'));
    expect(shown.endsWith('Ċ·[Ã]·[©]·[<|im_end|>]·Ċ')).toBe(true);
    expect(shown.match(/\[/g)).toHaveLength(3);
  });
});
