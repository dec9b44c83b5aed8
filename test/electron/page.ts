// What a page finds before its own scripts run: the preload, in a world of its own as far as one world allows.
import type * as clone from './clone.ts';

interface Post {
  (json: string): void;
}

type Preload = (require: (name: string) => unknown, module: object, exports: object, process: object) => void;

/** Runs inside the page, from its own text: it may use nothing outside. */
export function installPage(
  pack: typeof clone.pack,
  unpack: typeof clone.unpack,
  versions: object,
  preload: Preload,
): void {
  type Listener = (event: object, ...args: unknown[]) => void;
  const page = globalThis as unknown as Record<string, unknown>;
  const post = page.standinPost as Post;
  delete page.standinPost;
  const waiting = new Map<number, { resolve(value: unknown): void; reject(error: Error): void }>();
  const listeners = new Map<string, Listener[]>();
  const files = new Map<string, unknown>();
  let nextId = 1;

  const ipcRenderer = {
    invoke: (channel: string, ...args: unknown[]) =>
      new Promise((resolve, reject) => {
        const id = nextId++;
        waiting.set(id, { resolve, reject });
        post(JSON.stringify({ id, channel, args: pack(args) }));
      }),
    on(channel: string, listener: Listener) {
      listeners.set(channel, [...(listeners.get(channel) ?? []), listener]);
      return ipcRenderer;
    },
    off(channel: string, listener: Listener) {
      listeners.set(
        channel,
        (listeners.get(channel) ?? []).filter((each) => each !== listener),
      );
      return ipcRenderer;
    },
  };

  // Only the browser knows where a file lies: a name for it goes to main, which asks.
  const webUtils = {
    getPathForFile(file: unknown): string {
      const name = `standin-file:${files.size}:${Math.random()}`;
      files.set(name, file);
      return name;
    },
  };

  /** What crosses between the worlds is copied; functions are called with copies and answer with copies. */
  const copy = (value: unknown): unknown => {
    if (typeof value === 'function') {
      return (...args: unknown[]) => {
        const result = (value as (...args: unknown[]) => unknown)(...args.map(copy));
        return result instanceof Promise ? result.then(copy) : copy(result);
      };
    }
    if (typeof value === 'symbol') throw new TypeError('An object could not be cloned.');
    if (value === null || typeof value !== 'object' || value instanceof Blob) return value;
    if (Array.isArray(value)) return value.map(copy);
    const prototype = Object.getPrototypeOf(value) as unknown;
    if (prototype !== Object.prototype && prototype !== null) return structuredClone(value);
    return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, copy(each)]));
  };
  const freeze = (value: unknown): unknown => {
    if (value !== null && typeof value === 'object' && !ArrayBuffer.isView(value)) Object.values(value).forEach(freeze);
    return ArrayBuffer.isView(value) ? value : Object.freeze(value);
  };
  const contextBridge = {
    exposeInMainWorld(name: string, api: unknown) {
      if (name in page) throw new Error('Cannot bind an API on top of an existing property on the window object');
      Object.defineProperty(page, name, { value: freeze(copy(api)), enumerable: true });
    },
  };

  const deliver = (json: string): void => {
    const message = JSON.parse(json) as { id?: number; channel?: string; error?: string; value: unknown };
    if (message.id === undefined) {
      const args = unpack(message.value) as unknown[];
      for (const listener of listeners.get(message.channel!) ?? []) listener({ sender: ipcRenderer }, ...args);
      return;
    }
    const call = waiting.get(message.id);
    waiting.delete(message.id);
    if (message.error !== undefined) call?.reject(new Error(message.error));
    else call?.resolve(unpack(message.value));
  };
  Object.defineProperty(page, 'standin', { value: { deliver, file: (name: string) => files.get(name) } });

  const module = { exports: {} };
  const require = (name: string): unknown => {
    if (name === 'electron') return { contextBridge, ipcRenderer, webUtils };
    throw new Error(`module not found: ${name}`);
  };
  preload(require, module, module.exports, { type: 'renderer', sandboxed: true, contextIsolated: true, versions });
}
