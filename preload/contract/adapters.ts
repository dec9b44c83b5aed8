import type { ErrorReport } from './errors.ts';

export interface AdapterSummary {
  id: string;
  name: string;
  origin: 'run' | 'imported';
  /** As the adapter's config says: "LORA". */
  type: string;
  method: string | null;
  rank: number;
  alpha: number;
  targets: string[];
  bytes: number;
  parameters: number;
  /** Model of the library that it was made for; null where that is not there (any more). */
  base: string | null;
  baseName: string;
  baseHash: string | null;
  run: string | null;
  data: string | null;
  evalLoss: number | null;
  /** The runs that it descends from, nearest first. */
  parents: { run: string; name: string }[];
  path: string;
  addedAt: number;
  problem: ErrorReport | null;
}
