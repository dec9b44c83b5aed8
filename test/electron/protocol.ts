// Chromium knows no scheme of our own, so app://host/path is https://host.app.standin.invalid/path to it: a secure origin as well.

type Handler = (request: Request) => Response | Promise<Response>;

const handlers = new Map<string, Handler>();
const registered = new Set<string>();
const WEB = /^https:\/\/([^/]*)\.([a-z]+)\.standin\.invalid/;

export const protocol = {
  registerSchemesAsPrivileged(schemes: { scheme: string }[]): void {
    for (const { scheme } of schemes) registered.add(scheme);
  },
  handle(scheme: string, handler: Handler): void {
    if (handlers.has(scheme)) throw new Error(`Failed to register protocol: ${scheme}`);
    handlers.set(scheme, handler);
  },
};

export function toWeb(address: string): string {
  const scheme = /^([a-z]+):/.exec(address)?.[1] ?? '';
  if (!registered.has(scheme) && !handlers.has(scheme)) return address;
  return address.replace(/^[a-z]+:\/\/([^/?#]*)/, (_all, host: string) => `https://${host}.${scheme}.standin.invalid`);
}

export const fromWeb = (address: string): string => address.replace(WEB, '$2://$1');

/** What answers the address, where the app handles its scheme. */
export const handlerOf = (address: string): Handler | undefined => handlers.get(WEB.exec(address)?.[2] ?? '');
