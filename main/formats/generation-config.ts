import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';

/**
 * Tokens at which a model stops: the end of text of its tokenizer, and those of generation_config.json, which for chats names the
 * end of a turn.
 */
export function stopTokens(folder: string, endId: number | undefined): number[] {
  const own = endId === undefined ? [] : [endId];
  const file = path.join(folder, 'generation_config.json');
  if (!existsSync(file)) return own;
  try {
    const { eos_token_id: ids } = JSON.parse(readFileSync(file, 'utf8')) as { eos_token_id?: unknown };
    const told = (Array.isArray(ids) ? ids : [ids]).filter((id): id is number => Number.isInteger(id));
    return [...new Set([...own, ...told])];
  } catch {
    return own;
  }
}
