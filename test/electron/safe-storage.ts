import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { app } from './app.ts';

const switches = JSON.parse(process.env.STANDIN_SWITCHES ?? '[]') as string[];
const asked = switches.findLast((each) => each.startsWith('--password-store='))?.split('=')[1];
const BACKENDS: Record<string, 'gnome_libsecret' | 'kwallet' | 'kwallet5' | 'kwallet6'> = {
  'gnome-libsecret': 'gnome_libsecret',
  kwallet: 'kwallet',
  kwallet5: 'kwallet5',
  kwallet6: 'kwallet6',
};

/**
 * As on Linux: a keyring where --password-store names one, else `basic_text`, as on a machine without a desktop. Like Electron it then
 * seals by a key that everybody knows, and says that it can.
 */
class SafeStorage {
  getSelectedStorageBackend(): 'basic_text' | 'gnome_libsecret' | 'kwallet' | 'kwallet5' | 'kwallet6' | 'unknown' {
    if (!app.isReady()) return 'unknown';
    return BACKENDS[asked ?? ''] ?? 'basic_text';
  }

  async isAsyncEncryptionAvailable(): Promise<boolean> {
    await app.whenReady();
    return true;
  }

  async encryptStringAsync(text: string): Promise<Buffer> {
    await app.whenReady();
    const start = randomBytes(12);
    const cipher = createCipheriv('aes-256-gcm', this.#key(), start);
    const sealed = Buffer.concat([cipher.update(text, 'utf8'), cipher.final()]);
    return Buffer.concat([start, cipher.getAuthTag(), sealed]);
  }

  async decryptStringAsync(sealed: Buffer): Promise<{ result: string; shouldReEncrypt: boolean }> {
    await app.whenReady();
    const decipher = createDecipheriv('aes-256-gcm', this.#key(), sealed.subarray(0, 12));
    decipher.setAuthTag(sealed.subarray(12, 28));
    const result = Buffer.concat([decipher.update(sealed.subarray(28)), decipher.final()]).toString('utf8');
    return { result, shouldReEncrypt: false };
  }

  #key(): Buffer {
    if (this.getSelectedStorageBackend() === 'basic_text') return Buffer.alloc(32, 'peanuts');
    const keyring = path.join(app.getPath('userData'), 'standin', 'keyring');
    if (!existsSync(keyring)) writeFileSync(keyring, randomBytes(32));
    return readFileSync(keyring);
  }
}

export const safeStorage = new SafeStorage();
