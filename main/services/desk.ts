import { RankwiseError } from '../../preload/contract/errors.ts';
import type { PickPurpose } from '../../preload/contract/files.ts';
import { type KeyStore, noKeyStore } from './key-store.ts';

/** What only a desktop can do; its door brings it along. */
export interface Desk {
  /** The operating system's dialog; null where it was closed. */
  pick(purpose: PickPurpose): Promise<string | null>;
  /** Asks where to write a file of that name; null where the dialog was closed. */
  saveAs(name: string): Promise<string | null>;
  /** Shows a file or folder in the file manager. */
  reveal(path: string): void;
  /** @param address of https, in the user's browser */
  openLink(address: string): Promise<void>;
  answerClosing(choice: 'stay' | 'background' | 'pause'): Promise<void>;
  keyStore: KeyStore;
  versions: { electron: string | null; chromium: string | null };
}

function refuse(what: string): never {
  throw new RankwiseError('E_NO_DIALOG', `${what} needs the desktop window.`, 'Start Rankwise on the desktop for it.');
}

/** A browser or a terminal: no dialogs, no file manager, no window to be closed. */
export const noDesk: Desk = {
  pick: async () => refuse('A file dialog'),
  saveAs: async () => refuse('A file dialog'),
  reveal: () => refuse('The file manager'),
  openLink: async () => refuse('Opening another page'),
  answerClosing: async () => refuse('Closing a window'),
  keyStore: noKeyStore,
  versions: { electron: null, chromium: null },
};
