import { mkdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import type { Page } from 'playwright-core';
import { call } from './calls.ts';

const shots = path.join(import.meta.dirname, '..', '..', 'build', 'screenshots');
const axeSource = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

export interface Violation {
  id: string;
  help: string;
  nodes: string[];
}

/** What axe finds wrong with the page as it stands. It is put in by the debugger: the page's policy lets no script in. */
export async function violations(page: Page): Promise<Violation[]> {
  const session = await page.context().newCDPSession(page);
  try {
    await session.send('Runtime.evaluate', { expression: axeSource });
    const { result, exceptionDetails } = await session.send('Runtime.evaluate', {
      expression: `axe.run().then(({ violations }) => violations.map(({ id, help, nodes }) => ({ id, help, nodes: nodes.map(({ html }) => html) })))`,
      awaitPromise: true,
      returnByValue: true,
    });
    if (exceptionDetails) throw new Error(exceptionDetails.exception?.description ?? exceptionDetails.text);
    return result.value as Violation[];
  } finally {
    await session.detach();
  }
}

const THEMES = ['dark', 'light'] as const;
type Theme = (typeof THEMES)[number];

/** Has the program change its theme and waits until the page shows it. */
export async function showTheme(page: Page, theme: Theme): Promise<void> {
  await call(page, 'system', 'change', { theme });
  await page.waitForFunction((wanted) => document.documentElement.dataset['theme'] === wanted, theme);
}

/** What axe finds in either theme; `onTheme` is called while each is shown. The light one stays. */
export async function violationsInBothThemes(
  page: Page,
  onTheme: (theme: Theme) => Promise<unknown> = async () => undefined,
): Promise<(Violation & { theme: Theme })[]> {
  const found = [];
  for (const theme of THEMES) {
    await showTheme(page, theme);
    found.push(...(await violations(page)).map((each) => ({ theme, ...each })));
    await onTheme(theme);
  }
  return found;
}

/** Keeps a picture of the page under build/screenshots. @returns its file */
export async function shoot(page: Page, name: string): Promise<string> {
  mkdirSync(shots, { recursive: true });
  const file = path.join(shots, `${name}.png`);
  await page.screenshot({ path: file });
  return file;
}
