import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { z } from 'zod';
import { RankwiseError } from '../../preload/contract/errors.ts';
import type { KeyStore } from './key-store.ts';

const shape = z.object({ endpoint: z.string(), sealed: z.base64() });

/** The user's token for one hub, sealed by the key store, in a file of the program's folder. It never lies anywhere in clear. */
export class HubToken {
  readonly #file: string;
  readonly #keys: KeyStore;

  constructor(file: string, keys: KeyStore) {
    this.#file = file;
    this.#keys = keys;
  }

  store(): ReturnType<KeyStore['state']> {
    return this.#keys.state();
  }

  /** Whether there is one for a hub: it is for the one that it was given for. */
  isFor(endpoint: string): boolean {
    return this.#read()?.endpoint === endpoint;
  }

  /** Null where there is none for that hub, or none that the key store opens. */
  async of(endpoint: string): Promise<string | null> {
    const kept = this.#read();
    if (kept?.endpoint !== endpoint) return null;
    try {
      const { text, stale } = await this.#keys.open(Buffer.from(kept.sealed, 'base64'));
      if (stale) await this.keep(endpoint, text);
      return text;
    } catch {
      return null;
    }
  }

  /** In the place of what was kept before. Throws E_KEY_STORE where there is no key store. */
  async keep(endpoint: string, token: string): Promise<void> {
    const { name, reason } = await this.#keys.state();
    if (name === null) throw new RankwiseError('E_KEY_STORE', reason, 'Use HF_TOKEN instead.');
    const sealed = (await this.#keys.seal(token)).toString('base64');
    mkdirSync(path.dirname(this.#file), { recursive: true });
    writeFileSync(`${this.#file}.new`, JSON.stringify({ endpoint, sealed }), { mode: 0o600 });
    renameSync(`${this.#file}.new`, this.#file);
  }

  forget(): void {
    rmSync(this.#file, { force: true });
  }

  #read(): z.infer<typeof shape> | null {
    if (!existsSync(this.#file)) return null;
    try {
      return shape.parse(JSON.parse(readFileSync(this.#file, 'utf8')));
    } catch {
      return null;
    }
  }
}
