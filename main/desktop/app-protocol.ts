import { protocol } from 'electron';
import { readScreenFile, SCREEN_HEADERS } from '../api/screen-files.ts';

const SCHEME = 'app';

/** Where the screens live: a standard, secure origin of our own instead of file://, which would be one with every other file. */
export const APP_ORIGIN = `${SCHEME}://rankwise`;

/** Before the app is ready. */
export function registerAppScheme(): void {
  protocol.registerSchemesAsPrivileged([
    { scheme: SCHEME, privileges: { standard: true, secure: true, supportFetchAPI: true } },
  ]);
}

/** Answers app://rankwise/… from the folder of the built screens, and nothing else. */
export function serveAppScheme(screens: string): void {
  protocol.handle(SCHEME, async (request) => {
    const url = URL.parse(request.url);
    if (request.method !== 'GET' || url?.host !== 'rankwise') return new Response(null, { status: 404 });
    const { status, type, body } = await readScreenFile(screens, url.pathname);
    return new Response(body, { status, headers: { ...SCREEN_HEADERS, 'content-type': type } });
  });
}
