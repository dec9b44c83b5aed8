import { EventEmitter } from 'node:events';

export interface SenderFrame {
  url: string;
  origin: string;
  parent: object | null;
}

type Handler = (event: { sender: unknown; senderFrame: SenderFrame | null }, ...args: unknown[]) => unknown;

const handlers = new Map<string, Handler>();

class IpcMain extends EventEmitter {
  handle(channel: string, handler: Handler): void {
    if (handlers.has(channel)) throw new Error(`Attempted to register a second handler for '${channel}'`);
    handlers.set(channel, handler);
  }

  removeHandler(channel: string): void {
    handlers.delete(channel);
  }
}

export const ipcMain = new IpcMain();

/** Answers `ipcRenderer.invoke`. Throws as a page would see it. */
export async function invoke(
  event: { sender: unknown; senderFrame: SenderFrame | null },
  channel: string,
  args: unknown[],
): Promise<unknown> {
  const handler = handlers.get(channel);
  const remote = `Error invoking remote method '${channel}'`;
  if (!handler) throw new Error(`${remote}: Error: No handler registered for '${channel}'`);
  try {
    return await handler(event, ...args);
  } catch (error) {
    throw new Error(`${remote}: ${String(error)}`, { cause: error });
  }
}
