import { EventEmitter } from 'node:events';
import { protocol } from './protocol.ts';

type BeforeRequest = (request: { url: string }, answer: (response: { cancel?: boolean }) => void) => void;

let mayHave: ((page: null, permission: string) => boolean) | undefined;
let beforeRequest: BeforeRequest | undefined;

export class Session extends EventEmitter {
  readonly protocol = protocol;
  readonly webRequest = {
    onBeforeRequest(listener: BeforeRequest): void {
      beforeRequest = listener;
    },
  };

  // Chromium asks nobody when it is headless: the check handler decides alone, before a page is opened.
  setPermissionRequestHandler(): void {}

  setPermissionCheckHandler(handler: typeof mayHave): void {
    mayHave = handler;
  }

  setDevicePermissionHandler(): void {}

  setSpellCheckerEnabled(): void {}
}

export const session = { defaultSession: new Session() };

/** As Electron has it: whatever nobody checks is granted. */
export const isGranted = (permission: string): boolean => mayHave?.(null, permission) ?? true;

export function isCancelled(url: string): Promise<boolean> {
  return new Promise((resolve) => {
    if (!beforeRequest) resolve(false);
    else beforeRequest({ url }, ({ cancel }) => resolve(cancel ?? false));
  });
}
