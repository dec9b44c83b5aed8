import type { z } from 'zod';
import type { Api, Result } from '../../preload/contract/api.ts';
import { CALLS } from '../../preload/contract/channels.ts';
import { RankwiseError, reportOf } from '../../preload/contract/errors.ts';
import { REQUESTS } from '../../preload/contract/requests.ts';

/**
 * A call that came through a door: looked up in the table of calls, its input parsed, answered. Never throws: what goes wrong is
 * the result's error, E_CALL for a call that there is not and E_INPUT for an input that does not fit.
 */
export async function dispatch(api: Api, noun: unknown, method: unknown, input: unknown): Promise<Result<unknown>> {
  try {
    const { schema, call } = lookUp(api, noun, method);
    return { ok: true, value: await call(parse(schema, input)) };
  } catch (error) {
    return { ok: false, error: reportOf(error) };
  }
}

type Call = (input: unknown) => Promise<unknown>;

function lookUp(api: Api, noun: unknown, method: unknown): { schema: z.ZodType; call: Call } {
  if (typeof noun === 'string' && typeof method === 'string' && Object.hasOwn(CALLS, noun)) {
    const known = noun as keyof Api;
    const calls = api[known] as unknown as Record<string, Call>;
    // Only own names of the table: “constructor” is not a call.
    if (Object.hasOwn(CALLS[known], method)) {
      const schema = (REQUESTS[known] as Record<string, z.ZodType>)[method]!;
      return { schema, call: (input) => calls[method]!(input) };
    }
  }
  throw new RankwiseError('E_CALL', `There is no call “${String(noun)}.${String(method)}”.`);
}

function parse(schema: z.ZodType, input: unknown): unknown {
  const parsed = schema.safeParse(input);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0]!;
  const where = issue.path.length > 0 ? `${issue.path.map(String).join('.')}: ` : '';
  throw new RankwiseError('E_INPUT', `${where}${issue.message}`);
}
