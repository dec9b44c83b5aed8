export interface SystemInfo {
  version: string;
  engineVersion: string;
  isa: string;
  cores: number;
  memoryBytes: number;
  freeBytes: number;
  /** Resident now: this program and its engine. */
  ownBytes: number;
  /** What a run may use unless it says otherwise: the setting, or the machine's memory. */
  budgetBytes: number;
  backends: { name: string; available: boolean; reason: string }[];
  platform: string;
  electron: string | null;
  chromium: string | null;
  node: string;
  /** For reading. */
  home: string;
  /** The engine process: up, or why it is down. */
  engine: { up: boolean; reason: string };
  /**
   * When the program started the records were missing or damaged, and were made anew from the files; null where all was well.
   * `damaged`: where the damaged database was put, for reading.
   */
  recovered?: { damaged: string | null; runs: number; problems: string[] } | null;
}

export interface Settings {
  theme: 'system' | 'light' | 'dark';
  language: 'en';
  /** Null = the machine's memory. */
  memoryBudget: number | null;
  /** 0 = every core. */
  threads: number;
  notifications: boolean;
  keepAwake: boolean;
  /** What closing the window does while a run trains. */
  onClose: 'ask' | 'background' | 'pause';
  /** Address of the hub that models come from; null = huggingface.co. */
  hubAddress: string | null;
  /** Nothing may be asked of a hub. */
  hubOffline: boolean;
}

export interface StorageUse {
  what: 'runs' | 'checkpoints' | 'models' | 'downloads' | 'adapters' | 'datasets' | 'cache' | 'records';
  path: string;
  bytes: number;
  /** What cleaning up would free; 0 where there is nothing to clean. */
  cleanableBytes: number;
}

/** How many of each were taken in that had no record, and what could not be. */
export interface Rescan {
  runs: number;
  models: number;
  adapters: number;
  datasets: number;
  problems: string[];
}

export interface SelftestReport {
  passed: number;
  failed: number;
  backends: { name: string; passed: number; failed: number; failures: string[] }[];
}
