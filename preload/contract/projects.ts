export interface Project {
  id: string;
  name: string;
  createdAt: number;
  /** When anything of it last changed. Milliseconds since 1970, like every time of the contract. */
  changedAt: number;
  runs: number;
  /** Runs that are being trained or wait for it. */
  active: number;
  /** Of its runs' folders. */
  diskBytes: number;
  /** The run with the lowest evaluation loss, or the lowest loss where nothing was evaluated. */
  best: { run: string; name: string; loss: number | null; evalLoss: number | null; spark: number[] } | null;
}
