/** When queued runs may train. Times of day are minutes since local midnight; a window may pass midnight. */
export interface QueueRules {
  window: { from: number; to: number } | null;
  /** Pause what runs when the window closes, and go on when it opens. */
  pauseOutside: boolean;
}

export interface Queue {
  /** The run that trains now. */
  running: string | null;
  /** Runs that wait, first to go first. */
  waiting: string[];
  /** Nothing begins while it is held. */
  held: boolean;
  rules: QueueRules;
  /** Why nothing begins although runs wait, in words; null where something does. */
  waitsFor: string | null;
  /** Disk that the checkpoints and results to come will take, and what is free there. */
  disk: { neededBytes: number; freeBytes: number } | null;
}
