import { EventEmitter } from 'node:events';
import { app } from './app.ts';
import { invoke } from './ipc-main.ts';
import { nativeTheme } from './native-theme.ts';
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
      onNavigate: (url) => {
        this.#url = url;
        this.emit('did-navigate', {}, url);
      },
      onEvent: (name) => {
        if (name === 'closed') return this.#destroy();
        if (name === 'crashed') {
          this.#isCrashed = true;
          return void this.emit('render-process-gone', {}, { reason: 'crashed', exitCode: 5 });
        }
        this.emit(name);
      },
      // Every download is cancelled: there is no dialog to ask for its place.
      onDownload: (url) => {
        const event = { defaultPrevented: false, preventDefault: () => (event.defaultPrevented = true) };
        this.session.emit('will-download', event, { url });
      },
    };
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
