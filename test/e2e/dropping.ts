import type { Page } from 'playwright-core';

/** Drops a file of the disk onto the page, as the system's file manager does. */
export async function drop(page: Page, source: string): Promise<void> {
  await page.evaluate(() => {
    const input = document.createElement('input');
    Object.assign(input, { type: 'file', id: 'dropped' });
    document.body.append(input);
  });
  await page.setInputFiles('#dropped', source);
  await page.evaluate(() => {
    const input = document.querySelector<HTMLInputElement>('#dropped')!;
    const dataTransfer = new DataTransfer();
    dataTransfer.items.add(input.files![0]!);
    input.remove();
    for (const type of ['dragenter', 'dragover', 'drop'])
      document
        .querySelector('main')!
        .dispatchEvent(new DragEvent(type, { dataTransfer, bubbles: true, cancelable: true }));
  });
}
