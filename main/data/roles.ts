import type { Column, ColumnRole, DataKind, Mapping } from '../../preload/contract/datasets.ts';
import { RankwiseError } from '../../preload/contract/errors.ts';
import { suggestion } from '../../preload/contract/nearest.ts';
import { looksLikeMessages } from './messages.ts';
import type { Row } from './readers/row.ts';

// Names under which datasets publish their columns; earlier ones are surer.
const NAMES: Record<Exclude<ColumnRole, 'messages'>, string[]> = {
  system: ['system', 'system_prompt', 'system_message'],
  prompt: ['prompt', 'instruction', 'question', 'query', 'input', 'problem', 'user', 'source'],
  input: ['input', 'context', 'inputs', 'passage'],
  completion: ['completion', 'output', 'response', 'answer', 'target', 'reply', 'assistant', 'solution', 'label'],
  chosen: ['chosen', 'preferred', 'winner'],
  rejected: ['rejected', 'dispreferred', 'loser'],
  text: ['text', 'content', 'document', 'body', 'story', 'code'],
};
const CHATS = ['messages', 'conversations', 'conversation', 'chat', 'dialogue', 'dialog', 'turns'];

/** What a first look makes of the columns; empty where their names and values say nothing. */
export function guessMapping(columns: readonly Column[], samples: readonly Row[]): Mapping {
  const byName = new Map(columns.map(({ name }) => [plain(name), name]));
  const named = (names: readonly string[], taken: readonly string[] = []): string | undefined =>
    names.map((name) => byName.get(name)).find((name) => name !== undefined && !taken.includes(name));
  const holdsMessages = (name: string): boolean => samples.some(({ values }) => looksLikeMessages(values[name]));

  const [chosen, rejected] = [named(NAMES.chosen), named(NAMES.rejected)];
  if (chosen !== undefined && rejected !== undefined) {
    return mappingOf({ system: named(NAMES.system), prompt: named(NAMES.prompt), chosen, rejected });
  }
  const chats = columns.map(({ name }) => name).filter(holdsMessages);
  const chat =
    named(CHATS.filter((name) => chats.includes(byName.get(name) ?? ''))) ??
    (chats.length === 1 ? chats[0] : undefined);
  if (chat !== undefined) return mappingOf({ system: named(NAMES.system), messages: chat });
  const [prompt, completion] = [named(NAMES.prompt), named(NAMES.completion)];
  if (prompt !== undefined && completion !== undefined) {
    return mappingOf({ system: named(NAMES.system), prompt, input: named(NAMES.input, [prompt]), completion });
  }
  const texts = columns.filter(({ type }) => type === 'text').map(({ name }) => name);
  return mappingOf({ text: named(NAMES.text) ?? (texts.length === 1 ? texts[0] : undefined) });
}

/** What rows are under a mapping: its surest reading. */
export function kindOf(mapping: Mapping): DataKind {
  const roles = new Set(Object.values(mapping));
  if (roles.has('chosen') && roles.has('rejected')) return 'preference';
  if (roles.has('messages')) return 'messages';
  if (roles.has('prompt') && roles.has('completion')) return 'completion';
  return roles.has('text') ? 'text' : 'unclear';
}

/** Throws E_MAPPING for columns that are not there, for roles given twice, and for roles that do not go together. */
export function checkMapping(mapping: Mapping, columns: readonly Column[]): void {
  const names = columns.map(({ name }) => name);
  const unknown = Object.keys(mapping).find((name) => !names.includes(name));
  if (unknown !== undefined) {
    throw new RankwiseError('E_MAPPING', `There is no column “${unknown}”.`, suggestion(unknown, names));
  }
  const roles = Object.values(mapping);
  const twice = roles.find((role, i) => roles.indexOf(role) !== i);
  if (twice !== undefined) {
    const both = Object.keys(mapping).filter((name) => mapping[name] === twice);
    throw new RankwiseError(
      'E_MAPPING',
      `${both.map((name) => `“${name}”`).join(' and ')} cannot both be the ${twice}.`,
    );
  }
  if (kindOf(mapping) !== 'unclear') return;
  throw new RankwiseError(
    'E_MAPPING',
    roles.length === 0
      ? 'No column has a role.'
      : `These columns alone say nothing to learn from: ${roles.join(', ')}.`,
    'Needed is text, or messages, or a prompt and a completion, or a chosen and a rejected answer.',
  );
}

const plain = (name: string): string =>
  name
    .trim()
    .replace(/([a-z0-9])([A-Z])/g, '$1_$2')
    .toLowerCase()
    .replace(/[^\p{L}\p{N}]+/gu, '_');

function mappingOf(columns: Partial<Record<ColumnRole, string | undefined>>): Mapping {
  return Object.fromEntries(
    Object.entries(columns).flatMap(([role, name]) => (name === undefined ? [] : [[name, role as ColumnRole]])),
  );
}
