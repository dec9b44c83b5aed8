import type { Bridge, Result } from './api.ts';
import { CALLS } from './channels.ts';

/** Carries a call to main and brings its result back. */
export type Carrier = (noun: string, method: string, input: unknown) => Promise<Result<unknown>>;

/** The calls of the contract as named functions over a carrier: what both bridges give to the page. */
export function callsOver(carry: Carrier): Bridge['api'] {
  const nouns = Object.entries(CALLS).map(([noun, methods]) => [
    noun,
    Object.fromEntries(Object.keys(methods).map((method) => [method, (input?: unknown) => carry(noun, method, input)])),
  ]);
  return Object.fromEntries(nouns) as Bridge['api'];
}
