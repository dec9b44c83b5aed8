import { availableParallelism } from 'node:os';
import { RankwiseError } from '../../preload/contract/errors.ts';
import type { Settings } from '../../preload/contract/system.ts';
import type { SettingRepository } from '../store/settings.ts';
import { isEndpoint } from './hub-names.ts';
import { memoryBudget } from './machine.ts';
import type { NoticeHub } from './notices.ts';

const DEFAULTS: Settings = {
  theme: 'system',
  language: 'en',
  memoryBudget: null,
  threads: 0,
  notifications: true,
  keepAwake: true,
  onClose: 'ask',
  hubAddress: null,
  hubOffline: false,
};

/** Nothing that can be trained fits into less. */
const SMALLEST_BUDGET = 64 * 2 ** 20;

const truth = (value: unknown): boolean => typeof value === 'boolean';
const oneOf =
  (...known: string[]) =>
  (value: unknown): boolean =>
    known.includes(value as string);

const VALID: Record<keyof Settings, (value: unknown) => boolean> = {
  theme: oneOf('system', 'light', 'dark'),
  language: oneOf('en'),
  memoryBudget: (value) => value === null || (Number.isSafeInteger(value) && (value as number) >= SMALLEST_BUDGET),
  threads: (value) => Number.isInteger(value) && (value as number) >= 0 && (value as number) <= availableParallelism(),
  notifications: truth,
  keepAwake: truth,
  onClose: oneOf('ask', 'background', 'pause'),
  hubAddress: (value) => value === null || (typeof value === 'string' && isEndpoint(value)),
  hubOffline: truth,
};

/** The user's settings: defaults where nothing (valid) is kept. */
export class SettingsService {
  readonly #repository: SettingRepository;
  readonly #notices: NoticeHub;

  constructor(repository: SettingRepository, notices: NoticeHub) {
    this.#repository = repository;
    this.#notices = notices;
  }

  get(): Settings {
    const kept = Object.entries(this.#repository.all()).filter(
      ([key, value]) => VALID[key as keyof Settings]?.(value) ?? false,
    );
    return { ...DEFAULTS, ...(Object.fromEntries(kept) as Partial<Settings>) };
  }

  /** Throws E_SETTINGS for a value that a setting does not take; nothing is changed then. */
  change(change: Partial<Settings>): Settings {
    for (const [key, value] of Object.entries(change)) {
      if (VALID[key as keyof Settings]?.(value)) continue;
      throw new RankwiseError(
        'E_SETTINGS',
        `${JSON.stringify(value)} is no value of the setting “${key}”.`,
        hintOf(key),
      );
    }
    this.#repository.set(change);
    const settings = this.get();
    this.#notices.publish({ topic: 'settings', settings });
    return settings;
  }

  /** The memory that a run may use unless it says otherwise. */
  budgetBytes(): number {
    return this.get().memoryBudget ?? memoryBudget();
  }

  /** Threads of a run that asks for none in particular; 0 = every core. */
  threads(): number {
    return this.get().threads;
  }
}

function hintOf(key: string): string {
  if (key === 'memoryBudget') return 'At least 64 MiB, or none for the memory of the machine.';
  if (key === 'hubAddress') return 'Write it like https://huggingface.co';
  if (key === 'threads') return `From 0 (every core) to ${availableParallelism()}.`;
  return '';
}
