import { readFileSync } from 'node:fs';
import { browser } from './app.ts';
import type { Browser } from './browser.ts';
import { pack, unpack } from './clone.ts';
import type { SenderFrame } from './ipc-main.ts';
import { installPage } from './page.ts';
import { answerRequest, type MayNavigate, type PausedRequest } from './page-requests.ts';
import { fromWeb, toWeb } from './protocol.ts';
import { isGranted } from './session.ts';

export interface TabListener {
  mayNavigate: MayNavigate;
  /** A page wants to open another one; true where it may. */
  onOpen(address: string): boolean;
  onInvoke(frame: SenderFrame, channel: string, args: unknown[]): Promise<unknown>;
  onNavigate(address: string): void;
  onEvent(name: 'dom-ready' | 'did-finish-load' | 'crashed' | 'closed'): void;
  onDownload(address: string): void;
}

/** Electron's names of permissions, and Chromium's. */
const PERMISSIONS = {
  geolocation: 'geolocation',
  notifications: 'notifications',
  midi: 'midi',
  'clipboard-read': 'clipboard-read',
  'clipboard-sanitized-write': 'clipboard-write',
  media: 'camera',
};

interface Context {
  id: number;
  origin: string;
  auxData: { frameId: string };
}

/** A page of Chromium with the preload in it. */
export class Tab {
  readonly targetId: string;
  readonly #browser: Browser;
  readonly #session: string;
  readonly #listener: TabListener;
  readonly #contexts = new Map<number, Context>();
  #wanted = 'about:blank';

  private constructor(browser_: Browser, targetId: string, session: string, listener: TabListener) {
    this.#browser = browser_;
    this.targetId = targetId;
    this.#session = session;
    this.#listener = listener;
    browser_.events.on(session, (method: string, params: object) => this.#take(method, params as never));
    browser_.events.on('browser', (method: string, params: object) => this.#takeOfBrowser(method, params as never));
  }

  static async open(size: { width: number; height: number }, preload: string, listener: TabListener): Promise<Tab> {
    const chromium = await browser;
    for (const [name, web] of Object.entries(PERMISSIONS)) {
      const setting = isGranted(name) ? 'granted' : 'denied';
      await chromium.send('Browser.setPermission', { permission: { name: web }, setting });
    }
    const { targetId } = await chromium.send<{ targetId: string }>('Target.createTarget', {
      url: 'about:blank',
      newWindow: true,
      ...size,
    });
    const { sessionId } = await chromium.send<{ sessionId: string }>('Target.attachToTarget', {
      targetId,
      flatten: true,
    });
    const tab = new Tab(chromium, targetId, sessionId, listener);
    await chromium.send('Browser.setDownloadBehavior', { behavior: 'deny', eventsEnabled: true });
    await tab.send('Page.enable');
    await tab.send('Runtime.enable');
    await tab.send('Runtime.addBinding', { name: 'standinPost' });
    await tab.send('Page.addScriptToEvaluateOnNewDocument', { source: pageScript(preload) });
    await tab.send('Fetch.enable', { patterns: [{ urlPattern: '*' }] });
    await chromium.send('Target.setDiscoverTargets', { discover: true });
    await tab.send('Emulation.setDeviceMetricsOverride', { ...size, deviceScaleFactor: 1, mobile: false });
    return tab;
  }

  send<T = object>(method: string, params: object = {}): Promise<T> {
    return this.#browser.send<T>(method, params, this.#session);
  }

  async load(address: string): Promise<void> {
    this.#wanted = address;
    const { errorText } = await this.send<{ errorText?: string }>('Page.navigate', { url: toWeb(address) });
    if (errorText) throw new Error(`${errorText} loading '${address}'`);
  }

  /** Tells the page of something on a channel. */
  tell(channel: string, args: unknown[]): void {
    this.#deliver({ channel, value: pack(args) });
  }

  async close(): Promise<void> {
    await this.#browser.send('Target.closeTarget', { targetId: this.targetId });
  }

  #take(method: string, params: never): void {
    switch (method) {
      case 'Fetch.requestPaused':
        return void this.#answer(params);
      case 'Runtime.executionContextCreated': {
        const { context } = params as { context: Context };
        return void this.#contexts.set(context.id, context);
      }
      case 'Runtime.executionContextsCleared':
        return this.#contexts.clear();
      case 'Runtime.bindingCalled':
        return void this.#invoked(params);
      case 'Page.frameNavigated': {
        const { frame } = params as { frame: { url: string; parentId?: string } };
        return frame.parentId === undefined ? this.#listener.onNavigate(fromWeb(frame.url)) : undefined;
      }
      case 'Page.domContentEventFired':
        return this.#listener.onEvent('dom-ready');
      case 'Page.loadEventFired':
        return this.#listener.onEvent('did-finish-load');
      case 'Inspector.targetCrashed':
        return this.#listener.onEvent('crashed');
      case 'Inspector.detached':
        return this.#listener.onEvent('closed');
    }
  }

  async #answer(paused: PausedRequest): Promise<void> {
    const mayNavigate: MayNavigate = (address, frame) =>
      address === this.#wanted || this.#listener.mayNavigate(address, frame);
    try {
      await answerRequest(paused, mayNavigate, (method, params) => this.send(method, params));
    } catch {
      // The page has gone on meanwhile and no longer waits.
    }
  }

  #takeOfBrowser(method: string, params: never): void {
    if (method === 'Browser.downloadWillBegin') {
      const { url, guid } = params as { url: string; guid: string };
      void this.#browser.send('Browser.cancelDownload', { guid }).catch(() => undefined);
      this.#listener.onDownload(url);
    }
    if (method !== 'Target.targetCreated') return;
    const { targetInfo } = params as { targetInfo: { targetId: string; openerId?: string; url: string } };
    if (targetInfo.openerId !== this.targetId || this.#listener.onOpen(targetInfo.url)) return;
    void this.#browser.send('Target.closeTarget', { targetId: targetInfo.targetId }).catch(() => undefined);
  }

  async #invoked({ payload, executionContextId }: { payload: string; executionContextId: number }): Promise<void> {
    const context = this.#contexts.get(executionContextId)!;
    const { id, channel, args } = JSON.parse(await this.#withPaths(payload)) as {
      id: number;
      channel: string;
      args: unknown;
    };
    const isTop = context.auxData.frameId === this.targetId;
    const origin = fromWeb(context.origin);
    const frame: SenderFrame = { origin, url: `${origin}/`, parent: isTop ? null : {} };
    try {
      const value = await this.#listener.onInvoke(frame, channel, unpack(args) as unknown[]);
      this.#deliver({ id, value: pack(value) });
    } catch (error) {
      this.#deliver({ id, error: (error as Error).message });
    }
  }

  // Puts the places of files where the page could only name them.
  async #withPaths(payload: string): Promise<string> {
    let text = payload;
    for (const [name] of payload.matchAll(/standin-file:[\d.:e-]+/g)) {
      const { result } = await this.send<{ result: { objectId: string } }>('Runtime.evaluate', {
        expression: `standin.file(${JSON.stringify(name)})`,
      });
      const { path } = await this.send<{ path: string }>('DOM.getFileInfo', { objectId: result.objectId });
      text = text.replace(JSON.stringify(name), JSON.stringify(path));
    }
    return text;
  }

  #deliver(message: object): void {
    const expression = `globalThis.standin?.deliver(${JSON.stringify(JSON.stringify(message))})`;
    // A page that is gone hears nothing.
    this.send('Runtime.evaluate', { expression }).catch(() => undefined);
  }
}

function pageScript(preload: string): string {
  const versions = JSON.stringify(process.versions);
  const body = preload === '' ? '' : readFileSync(preload, 'utf8');
  return `if (window.top === window) (${String(installPage)})(${String(pack)}, ${String(unpack)}, ${versions}, function (require, module, exports, process) {\n${body}\n});`;
}
