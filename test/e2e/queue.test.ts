import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Locator, Page } from 'playwright-core';
import type { Queue } from '../../preload/contract/queue.ts';
import { call } from './calls.ts';
import { DOORS, type OpenApp } from './doors.ts';
import { shoot, violationsInBothThemes } from './looks.ts';

const DAY = 24 * 60;
const clock = (minutes: number): string =>
  [Math.floor(minutes / 60), minutes % 60].map((part) => String(part).padStart(2, '0')).join(':');

describe.each(DOORS)('the queue (%s)', (door, open) => {
  let app: OpenApp;
  let page: Page;
  beforeAll(async () => {
    app = await open();
    page = app.page;
  });
  afterAll(() => app.close());

  async function queue(): Promise<Queue> {
    const answer = await call(page, 'queue', 'get');
    if (!answer.ok) throw new Error(answer.error.message);
    return answer.value;
  }
  const rows = (): Locator => page.locator('li[data-run]');
  const order = (): Promise<(string | null)[]> =>
    rows().evaluateAll((all) => all.map((each) => each.getAttribute('data-run')));
  const button = (name: string): Locator => page.getByRole('button', { name, exact: true });

  const found = (name: string): Promise<unknown[]> =>
    violationsInBothThemes(page, (theme) => shoot(page, `${name}-${theme}-${door}`));

  it('says what it is for while nothing waits', async () => {
    await page.getByRole('link', { name: 'Queue' }).click();
    await page.getByText('Nothing trains, nothing waits').waitFor();
    expect(await found('queue-empty')).toEqual([]);
  });

  it('is held, and what is started then waits and is told why', async () => {
    await button('Hold the queue').click();
    await button('Let it go on').waitFor();
    const sample = await call(page, 'sample', 'start');
    if (!sample.ok) throw new Error(sample.error.message);
    const details = await call(page, 'runs', 'get', { id: sample.value.runs[0] });
    if (!details.ok) throw new Error(details.error.message);
    const { output: _, ...settings } = details.value.config;
    const draft = { ...settings, name: 'A third run' };
    const third = await call(page, 'runs', 'start', { draft, project: sample.value.project, first: false });
    if (!third.ok) throw new Error(third.error.message);
    await expect.poll(order).toEqual([...sample.value.runs, third.value.id]);
    await page.getByText('The queue is held', { exact: false }).first().waitFor();
    await page.getByText(/Checkpoints and results to come/).waitFor();
    expect(await found('queue-held')).toEqual([]);
  });

  it('is put into another order by Alt with the arrows, and keeps the focus', async () => {
    const before = await order();
    await rows().nth(2).focus();
    await page.keyboard.press('Alt+ArrowUp');
    const once = [before[0], before[2], before[1]];
    await expect.poll(order).toEqual(once);
    await page.keyboard.press('Alt+ArrowUp');
    const twice = [before[2], before[0], before[1]];
    await expect.poll(order).toEqual(twice);
    await expect.poll(async () => (await queue()).waiting).toEqual(twice);
    await page.getByText('A third run is at place 1 of 3 now.').waitFor({ state: 'attached' });
    await page.keyboard.press('Alt+ArrowUp');
    expect(await order()).toEqual(twice);
  });

  it('and by its buttons, which keep the focus too', async () => {
    const before = await order();
    const down = button('Move A third run down');
    await down.focus();
    await page.keyboard.press('Enter');
    await expect.poll(order).toEqual([before[1], before[0], before[2]]);
    await expect.poll(() => down.evaluate((element) => element === document.activeElement)).toBe(true);
    await page.keyboard.press('Enter');
    await expect.poll(order).toEqual([before[1], before[2], before[0]]);
    await page.reload();
    await expect.poll(order).toEqual([before[1], before[2], before[0]]);
  });

  it('and by dragging', async () => {
    const before = await order();
    await rows()
      .nth(2)
      .dragTo(rows().nth(0), { targetPosition: { x: 200, y: 4 } });
    await expect.poll(async () => (await queue()).waiting).toEqual([before[2], before[0], before[1]]);
    await expect.poll(order).toEqual([before[2], before[0], before[1]]);
  });

  it('lets a run go, and takes it back at its place', async () => {
    const before = await order();
    await button('More about A third run').focus();
    await page.keyboard.press('Enter');
    await page.getByRole('menuitem', { name: 'Take out of the queue' }).click();
    await expect.poll(order).toEqual(before.slice(1));
    await button('Undo').first().click();
    await expect.poll(order).toEqual(before);
  });

  it('keeps to its hours', async () => {
    const now = new Date();
    const minute = now.getHours() * 60 + now.getMinutes();
    const [from, to] = [(minute + 180) % DAY, (minute + 300) % DAY];
    await page.getByRole('switch', { name: 'Only at certain hours' }).click();
    await page.getByLabel('From', { exact: true }).fill(clock(from));
    await page.getByLabel('From', { exact: true }).blur();
    await page.getByLabel('To', { exact: true }).fill(clock(to));
    await page.getByLabel('To', { exact: true }).blur();
    await page.getByRole('switch', { name: 'Pause what trains when the time is over' }).click();
    const rules = { window: { from, to }, pauseOutside: true };
    await expect.poll(async () => (await queue()).rules).toEqual(rules);
    await button('Let it go on').click();
    await page.getByText(`Runs begin between ${clock(from)} and ${clock(to)}.`).waitFor();
    expect((await queue()).running).toBeNull();
    expect(await found('queue-hours')).toEqual([]);
    await page.reload();
    expect(await page.getByLabel('From', { exact: true }).inputValue()).toBe(clock(from));
  });

  it('begins with the first when its hours are taken away', async () => {
    const [first] = await order();
    await page.getByRole('switch', { name: 'Only at certain hours' }).click();
    await expect.poll(async () => (await queue()).running, { timeout: 20_000 }).toBe(first);
    await page.getByRole('progressbar', { name: 'Progress of A third run' }).waitFor();
    expect((await order()).length).toBe(2);
    expect(await found('queue-training')).toEqual([]);
  });
});
