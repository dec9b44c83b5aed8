import type { Page } from 'playwright-core';
import type { Api, Result } from '../../preload/contract/api.ts';
import type { Notice } from '../../preload/contract/notices.ts';

/** Calls the contract through the page's bridge, as the screens do. */
export function call<N extends keyof Api, M extends keyof Api[N]>(
  page: Page,
  noun: N,
  method: M,
  input?: unknown,
): Promise<Result<Api[N][M] extends (...input: never[]) => Promise<infer T> ? T : never>> {
  return page.evaluate(
    ([noun, method, input]) => {
      const { api } = (
        globalThis as unknown as { rankwise: { api: Record<string, Record<string, (input: unknown) => unknown>> } }
      ).rankwise;
      return api[noun as string]![method as string]!(input);
    },
    [noun, method, input] as [unknown, unknown, unknown],
  ) as never;
}

/** Notices of a topic from now on, as they arrive in the page. */
export async function collectNotices(page: Page, topic: Notice['topic']): Promise<() => Promise<Notice[]>> {
  const name = `heard${Math.floor(Math.random() * 1e9)}`;
  await page.evaluate(
    ([name, topic]) => {
      const heard: unknown[] = [];
      const world = globalThis as unknown as Record<string, unknown> & {
        rankwise: { listen(l: (notice: { topic: string }) => void): void };
      };
      world[name!] = heard;
      world.rankwise.listen((notice) => {
        if (notice.topic === topic) heard.push(notice);
      });
    },
    [name, topic],
  );
  return () => page.evaluate((name) => (globalThis as unknown as Record<string, Notice[]>)[name]!, name);
}
