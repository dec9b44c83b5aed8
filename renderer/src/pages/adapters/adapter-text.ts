import type { AdapterSummary } from '../../../../preload/contract/adapters.ts';
import { useMethods } from '../../stores/methods.ts';

/** The last part of where the data lie: “moby.jsonl”. */
export const dataName = (data: string | null): string | null => data?.split(/[\\/]/).filter(Boolean).at(-1) ?? null;

/** How an adapter was trained, in the registry's words; of an imported one what its config says. */
export function useMethodTitle(): (adapter: AdapterSummary) => string {
  const methods = useMethods();
  return ({ method, type }) => (method === null ? type : (methods.byName(method)?.title ?? method));
}
