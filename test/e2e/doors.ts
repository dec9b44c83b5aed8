import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { _electron, chromium, type Browser, type ElectronApplication, type Page } from 'playwright-core';
import { findChromium } from '../electron/find-chromium.ts';

const root = path.join(import.meta.dirname, '..', '..');

export interface OpenOptions {
  /** Folder of records; a fresh one where none is given. It stays when the app is closed. */
  home?: string;
  /** What is opened: the checkout, or a package's extracted app. */
  appFolder?: string;
  env?: Record<string, string>;
  /** Of the desktop's command line: `--password-store=basic`. */
  switches?: string[];
}

/** The app as a user has it before them, by either door. */
export interface OpenApp {
  door: 'desktop' | 'browser';
  page: Page;
  home: string;
  /** Process that holds the records; the engine's process is its child. */
  pid: number;
  /** Ends the app as the system does when it shuts down, what trains is paused, and removes the home folder where it was made for it. */
  close(): Promise<void>;
}

export interface DesktopApp extends OpenApp {
  door: 'desktop';
  electron: ElectronApplication;
}

export interface BrowserApp extends OpenApp {
  door: 'browser';
  browser: Browser;
  server: ChildProcess;
  /** As the server printed it: its token has been used. */
  address: string;
}

/** A folder for records that nobody else uses. */
export const freshHome = (): string => mkdtempSync(path.join(tmpdir(), 'rankwise-e2e-'));

/** Opens the desktop's window: with the stand-in, or with the Electron that RANKWISE_TEST_ELECTRON names. */
export async function openDesktop({
  home,
  appFolder = root,
  env = {},
  switches = [],
}: OpenOptions = {}): Promise<DesktopApp> {
  const place = home ?? freshHome();
  const electron = await _electron.launch({
    executablePath: process.env.RANKWISE_TEST_ELECTRON ?? path.join(root, 'test', 'electron', 'electron'),
    args: [...switches, appFolder],
    env: { ...withoutUndefined(process.env), RANKWISE_HOME: place, ...env },
    timeout: 60_000,
  });
  const child = electron.process();
  const page = await electron.firstWindow();
  await ready(page);
  const close = async (): Promise<void> => {
    // Not the window's button, which asks while a run trains.
    if (child.exitCode === null && child.signalCode === null) {
      child.kill('SIGTERM');
      await once(child, 'exit');
    }
    if (home === undefined) rmSync(place, { recursive: true, force: true });
  };
  return { door: 'desktop', page, home: place, pid: child.pid!, electron, close };
}

/** Opens the served screens in Chromium. */
export async function openBrowser({ home, env = {} }: OpenOptions = {}): Promise<BrowserApp> {
  const place = home ?? freshHome();
  const { server, address } = await startServer(place, env);
  const browser = await chromium.launch({
    executablePath: findChromium(),
    args: ['--no-sandbox', '--disable-gpu', '--disable-quic'],
  });
  const page = await browser.newPage({ viewport: { width: 1360, height: 880 } });
  await page.goto(address);
  await ready(page);
  const close = async (): Promise<void> => {
    await browser.close();
    await stop(server);
    if (home === undefined) rmSync(place, { recursive: true, force: true });
  };
  return { door: 'browser', page, home: place, pid: server.pid!, browser, server, address, close };
}

/** Starts `rankwise serve`. @returns the address that it printed, unused */
export async function startServer(
  home: string,
  env: Record<string, string> = {},
): Promise<{ server: ChildProcess; address: string }> {
  const server = spawn(process.execPath, [path.join(root, 'main', 'cli.ts'), 'serve', '--json'], {
    env: { ...process.env, RANKWISE_HOME: home, ...env },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  for await (const line of createInterface({ input: server.stdout })) {
    return { server, address: (JSON.parse(line) as { address: string }).address };
  }
  throw new Error('rankwise serve ended without an address.');
}

/** Ctrl-C, and the wait for the end. @returns the exit status */
export async function stop(server: ChildProcess): Promise<number | null> {
  if (server.exitCode !== null || server.signalCode !== null) return server.exitCode;
  server.kill('SIGINT');
  const [status] = (await once(server, 'exit')) as [number | null];
  return status;
}

/** Both doors, for tests that hold for either. */
export const DOORS: [OpenApp['door'], (options?: OpenOptions) => Promise<OpenApp>][] = [
  ['desktop', openDesktop],
  ['browser', openBrowser],
];

// The bridge is there, and the screens have drawn something.
async function ready(page: Page): Promise<void> {
  await page.waitForFunction(() => 'rankwise' in globalThis && document.querySelector('#app')?.childElementCount);
}

const withoutUndefined = (env: NodeJS.ProcessEnv): Record<string, string> =>
  Object.fromEntries(Object.entries(env).filter((entry): entry is [string, string] => entry[1] !== undefined));
