import { EventEmitter } from 'node:events';
import { app } from './app.ts';
import { invoke } from './ipc-main.ts';
import { nativeTheme } from './native-theme.ts';
import { fromWeb } from './protocol.ts';
import { session } from './session.ts';
import { Tab, type TabListener } from './tab.ts';

const all = new Map<string, WebContents>();

/** A page as the app sees it. */
export class WebContents extends EventEmitter {
  readonly session = session.defaultSession;
  readonly #tab: Promise<Tab>;
  readonly #onGone: () => void;
  #openHandler: ((details: { url: string }) => { action: 'allow' | 'deny' }) | undefined;
  #url = '';
  #isCrashed = false;
  #isDestroyed = false;

  /** @param onGone told when the page was closed by something else than the app */
  constructor(size: { width: number; height: number }, preload: string, onGone: () => void) {
    super();
    this.#onGone = onGone;
    this.#tab = Tab.open(size, preload, this.#listener());
    void this.#tab.then(({ targetId }) => all.set(targetId, this));
    nativeTheme.on('updated', () => void this.#showTheme());
    void this.#showTheme();
    app.emit('web-contents-created', {}, this);
  }

  async loadURL(address: string): Promise<void> {
    await (await this.#tab).load(address);
  }

  getURL(): string {
    return this.#url;
  }

  reload(): void {
    this.#isCrashed = false;
    void this.#tab.then((tab) => tab.send('Page.reload'));
  }

  send(channel: string, ...args: unknown[]): void {
    void this.#tab.then((tab) => tab.tell(channel, args));
  }

  setWindowOpenHandler(handler: (details: { url: string }) => { action: 'allow' | 'deny' }): void {
    this.#openHandler = handler;
  }

  isCrashed(): boolean {
    return this.#isCrashed;
  }

  isDestroyed(): boolean {
    return this.#isDestroyed;
  }

  close(): void {
    this.#destroy();
    void this.#tab.then((tab) => tab.close()).catch(() => undefined);
  }

  #destroy(): void {
    if (this.#isDestroyed) return;
    this.#isDestroyed = true;
    void this.#tab.then(({ targetId }) => all.delete(targetId));
    this.emit('destroyed');
    this.#onGone();
  }

  #listener(): TabListener {
    return {
      mayNavigate: (url, frame) => {
        let prevented = false;
        const event = { url, frame, preventDefault: () => (prevented = true) };
        this.emit('will-frame-navigate', event);
        this.emit('will-navigate', event);
        return !prevented;
      },
      onOpen: (url) => (this.#openHandler?.({ url }) ?? { action: 'allow' }).action === 'allow',
      onInvoke: (senderFrame, channel, args) => invoke({ sender: this, senderFrame }, channel, args),
      onEvent: (name) => {
        if (name === 'closed') return this.#destroy();
        if (name === 'crashed') {
          this.#isCrashed = true;
          return void this.emit('render-process-gone', {}, { reason: 'crashed', exitCode: 5 });
        }
        void this.#readUrl();
        this.emit(name);
      },
      onDownload: (url) => void this.session.emit('will-download', { preventDefault: () => undefined }, { url }),
    };
  }

  async #readUrl(): Promise<void> {
    const tab = await this.#tab;
    const { result } = await tab.send<{ result: { value: string } }>('Runtime.evaluate', {
      expression: 'location.href',
    });
    this.#url = fromWeb(result.value);
  }

  async #showTheme(): Promise<void> {
    if (nativeTheme.themeSource === 'system' || this.#isDestroyed) return;
    const features = [{ name: 'prefers-color-scheme', value: nativeTheme.themeSource }];
    await (await this.#tab).send('Emulation.setEmulatedMedia', { features });
  }
}

/** Playwright asks for pages by their Chromium target. */
export const webContents = {
  fromDevToolsTargetId: (targetId: string): WebContents | undefined => all.get(targetId),
};
