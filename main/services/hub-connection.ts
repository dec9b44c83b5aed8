import type { HubConnection } from '../../preload/contract/hub.ts';
import type { Settings } from '../../preload/contract/system.ts';
import { checkEndpoint } from './hub-names.ts';
import type { HubAccess } from './hub-request.ts';
import type { HubToken } from './hub-token.ts';

export const PUBLIC_HUB = 'https://huggingface.co';

export interface HubConnectionParts {
  settings: () => Pick<Settings, 'hubAddress' | 'hubOffline'>;
  token: HubToken;
  env?: NodeJS.ProcessEnv;
}

/** Which hub is asked, by which token, and whether any may be: as the environment says, else the settings. */
export class HubConnections {
  readonly #parts: HubConnectionParts;
  readonly #env: NodeJS.ProcessEnv;

  constructor(parts: HubConnectionParts) {
    this.#parts = parts;
    this.#env = parts.env ?? process.env;
  }

  /** Throws E_HUB where the environment names what is no address. */
  async current(): Promise<HubConnection> {
    const { token } = this.#parts;
    const address = this.#address();
    const endpoint = checkEndpoint(address.value);
    const { name: store, reason } = await token.store();
    const kept = token.isFor(endpoint);
    const opens = kept && (await token.of(endpoint)) !== null;
    return {
      endpoint,
      endpointFrom: address.from,
      offline: this.#offline().value,
      offlineFrom: this.#offline().from,
      token: { from: this.#envToken() !== null ? 'environment' : opens ? 'kept' : 'none', kept, opens, store, reason },
    };
  }

  /** How a hub is asked. @param given another hub than the current one */
  async access(given?: string): Promise<Omit<HubAccess, 'fetch' | 'alarm'>> {
    const { token } = this.#parts;
    const endpoint = checkEndpoint(given ?? this.#address().value);
    const offline = this.#offline();
    const { name: store } = await token.store();
    return {
      endpoint,
      token: this.#envToken() ?? (await token.of(endpoint)),
      offline: offline.value,
      cures: {
        token: store === null ? 'give it as HF_TOKEN' : 'give it in the settings, or as HF_TOKEN',
        online:
          offline.from === 'environment'
            ? 'Unset HF_HUB_OFFLINE, or add a model folder of this machine.'
            : 'Change that in the settings, or add a model folder of this machine.',
      },
    };
  }

  /** Keeps a token for the current hub. Throws E_KEY_STORE. */
  async keepToken(token: string): Promise<void> {
    await this.#parts.token.keep(checkEndpoint(this.#address().value), token);
  }

  forgetToken(): void {
    this.#parts.token.forget();
  }

  #address(): { value: string; from: HubConnection['endpointFrom'] } {
    if (this.#env.HF_ENDPOINT) return { value: this.#env.HF_ENDPOINT, from: 'environment' };
    const { hubAddress } = this.#parts.settings();
    return hubAddress === null ? { value: PUBLIC_HUB, from: 'default' } : { value: hubAddress, from: 'settings' };
  }

  #offline(): { value: boolean; from: HubConnection['offlineFrom'] } {
    const told = this.#env.HF_HUB_OFFLINE;
    if (told) return { value: ['1', 'true', 'yes', 'on'].includes(told.toLowerCase()), from: 'environment' };
    return { value: this.#parts.settings().hubOffline, from: 'settings' };
  }

  #envToken(): string | null {
    return this.#env.HF_TOKEN?.trim() || null;
  }
}
