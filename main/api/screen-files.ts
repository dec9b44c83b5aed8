import { readFile } from 'node:fs/promises';
import path from 'node:path';

/** What a screen may load and from where: only from the program itself, no inline code, no network. Both doors send it. */
export const CONTENT_POLICY =
  "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; connect-src 'self'; " +
  "base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

export const SCREEN_HEADERS: Readonly<Record<string, string>> = {
  'content-security-policy': CONTENT_POLICY,
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
};

const TYPES: Record<string, string> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.json': 'application/json; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.ico': 'image/x-icon',
  '.woff2': 'font/woff2',
};

export interface ScreenFile {
  status: 200 | 400 | 404;
  type: string;
  body: Buffer<ArrayBuffer>;
}

/**
 * A file of the built screens. What lies outside the folder is not there, however the address is written.
 * @param pathname of the address, percent-encoded; "/" is index.html
 */
export async function readScreenFile(folder: string, pathname: string): Promise<ScreenFile> {
  const inside = contained(folder, pathname);
  if (inside === undefined) return told(400, 'This address is not one.');
  try {
    return {
      status: 200,
      type: TYPES[path.extname(inside)] ?? 'application/octet-stream',
      body: await readFile(inside),
    };
  } catch {
    return told(404, 'There is no such file.');
  }
}

function contained(folder: string, pathname: string): string | undefined {
  let name: string;
  try {
    name = decodeURIComponent(pathname);
  } catch {
    return undefined;
  }
  if (name.includes('\0') || name.includes('\\')) return undefined;
  const file = path.join(folder, name === '/' ? 'index.html' : name);
  return file.startsWith(folder + path.sep) ? file : undefined;
}

const told = (status: 400 | 404, text: string): ScreenFile => ({
  status,
  type: 'text/plain; charset=utf-8',
  body: Buffer.from(text),
});
