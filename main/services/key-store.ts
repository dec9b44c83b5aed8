import { RankwiseError } from '../../preload/contract/errors.ts';

/** What the operating system keeps secrets with. The texts themselves are kept by whoever had them sealed. */
export interface KeyStore {
  /** Its name, for sentences ("the GNOME keyring"), or why nothing can be sealed. */
  state(): Promise<{ name: string; reason: null } | { name: null; reason: string }>;
  /** Throws where it cannot. */
  seal(text: string): Promise<Buffer>;
  /** `stale`: it should be sealed again, by a newer key. Throws for what another user or another key store has sealed. */
  open(sealed: Buffer): Promise<{ text: string; stale: boolean }>;
}

const refuse = (): never => {
  throw new RankwiseError('E_KEY_STORE', 'Only the desktop window has a key store.', 'Use HF_TOKEN instead.');
};

/** A browser or a terminal. */
export const noKeyStore: KeyStore = {
  state: async () => ({ name: null, reason: 'Only the desktop window has a key store.' }),
  seal: async () => refuse(),
  open: async () => refuse(),
};
