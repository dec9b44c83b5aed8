import type { Page } from 'playwright-core';

/** What has the focus, as a screen reader would say it. */
const focused = (page: Page): Promise<string> =>
  page.evaluate(() => {
    const element = document.activeElement;
    if (!element) return '';
    const ids = element.getAttribute('aria-labelledby')?.split(' ') ?? [];
    const labelled = ids.map((id) => document.getElementById(id)?.textContent ?? '').join(' ');
    const label = element.id === '' ? '' : (document.querySelector(`label[for="${element.id}"]`)?.textContent ?? '');
    return element.getAttribute('aria-label') ?? (labelled || label || (element.textContent ?? '').trim());
  });

/** Presses Tab until something of that name has the focus, as someone without a pointer does. Throws where it cannot be reached. */
export async function tabTo(page: Page, name: RegExp): Promise<void> {
  const seen: string[] = [];
  for (let presses = 0; presses < 120; presses++) {
    await page.keyboard.press('Tab');
    const now = await focused(page);
    if (name.test(now)) return;
    seen.push(now.slice(0, 40));
  }
  throw new Error(`Tab never reaches ${String(name)}. It reaches: ${[...new Set(seen)].join(' | ')}`);
}
