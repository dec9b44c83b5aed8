import { app, type Session, type WebContents } from 'electron';
import { APP_ORIGIN } from './app-protocol.ts';

const OWN_SCHEMES = new Set(['app:', 'blob:', 'data:', 'devtools:']);

/**
 * What a page may never do, whatever it contains: have a permission, load from the network, save a download, leave the screens,
 * open a window, hold another page.
 */
export function lockDown(session: Session): void {
  session.setPermissionRequestHandler((_page, _permission, answer) => answer(false));
  session.setPermissionCheckHandler(() => false);
  session.setDevicePermissionHandler(() => false);
  session.webRequest.onBeforeRequest((request, answer) => {
    answer({ cancel: !OWN_SCHEMES.has(URL.parse(request.url)?.protocol ?? '') });
  });
  session.on('will-download', (event) => event.preventDefault());
  // Its dictionaries would be fetched from the network.
  session.setSpellCheckerEnabled(false);
  app.on('web-contents-created', (_event, page) => keepInside(page));
}

function keepInside(page: WebContents): void {
  page.setWindowOpenHandler(() => ({ action: 'deny' }));
  page.on('will-navigate', (event) => {
    if (!event.url.startsWith(`${APP_ORIGIN}/`)) event.preventDefault();
  });
  page.on('will-frame-navigate', (event) => {
    if (!event.url.startsWith(`${APP_ORIGIN}/`)) event.preventDefault();
  });
  page.on('will-redirect', (event) => event.preventDefault());
  page.on('will-attach-webview', (event) => event.preventDefault());
}
