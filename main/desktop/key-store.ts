import { safeStorage } from 'electron';
import type { KeyStore } from '../services/key-store.ts';
import { words } from './words.ts';

/**
 * The operating system's: its keychain, or the keyring of a Linux desktop. Where Linux has none, Electron would seal with a password
 * that everybody knows: that is told as no key store.
 */
export const desktopKeyStore: KeyStore = {
  async state() {
    const name = nameOfStore();
    if (name === null) return { name, reason: words.keyStore.none };
    return (await safeStorage.isAsyncEncryptionAvailable())
      ? { name, reason: null }
      : { name: null, reason: words.keyStore.locked(name) };
  },
  seal: (text) => safeStorage.encryptStringAsync(text),
  async open(sealed) {
    const { result, shouldReEncrypt } = await safeStorage.decryptStringAsync(sealed);
    return { text: result, stale: shouldReEncrypt };
  },
};

function nameOfStore(): string | null {
  if (process.platform === 'darwin') return words.keyStore.keychain;
  if (process.platform === 'win32') return words.keyStore.windows;
  const backend = safeStorage.getSelectedStorageBackend();
  if (backend === 'basic_text' || backend === 'unknown') return null;
  return backend === 'gnome_libsecret' ? words.keyStore.gnome : words.keyStore.kwallet;
}
