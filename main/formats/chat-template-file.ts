import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';

/**
 * The Jinja text of a model folder's chat template: chat_template.jinja, or `chat_template` of tokenizer_config.json (a text, or a
 * list of named ones of which "default" counts). Null where there is none or the file cannot be read as JSON.
 */
export function readChatTemplate(folder: string): string | null {
  const own = path.join(folder, 'chat_template.jinja');
  if (existsSync(own)) return readFileSync(own, 'utf8');
  const config = path.join(folder, 'tokenizer_config.json');
  if (!existsSync(config)) return null;
  let template: unknown;
  try {
    template = (JSON.parse(readFileSync(config, 'utf8')) as { chat_template?: unknown } | null)?.chat_template;
  } catch {
    return null;
  }
  if (typeof template === 'string') return template;
  if (!Array.isArray(template)) return null;
  const named = template as { name?: unknown; template?: unknown }[];
  const chosen = named.find((each) => each?.name === 'default') ?? named[0];
  return typeof chosen?.template === 'string' ? chosen.template : null;
}
