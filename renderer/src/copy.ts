import { api, door } from './bridge.ts';
import { t } from './i18n.ts';
import type { PickedFile } from '../../preload/contract/files.ts';

/** Puts text on the clipboard. No permission is asked for: the window grants none, so the old way of copying is taken. */
export function copyText(text: string): void {
  const field = document.createElement('textarea');
  field.value = text;
  field.setAttribute('aria-hidden', 'true');
  field.style.position = 'fixed';
  field.style.opacity = '0';
  // Inside of what is open: a dialog takes the focus back from what lies outside.
  const focused = document.activeElement as HTMLElement | null;
  const place = focused && focused !== document.body ? focused.parentElement! : document.body;
  place.append(field);
  field.select();
  const copied = document.execCommand('copy');
  field.remove();
  focused?.focus();
  if (!copied) throw new Error(t('ui.notCopied'));
}

/**
 * Saves text where the user wants it: through the system's dialog on the desktop (null where it was closed), as a download in the
 * browser (null: the browser does not tell where to).
 */
export async function saveText(name: string, text: string): Promise<PickedFile | null> {
  if (door === 'desktop') return api.files.save({ name, text });
  const link = document.createElement('a');
  link.href = URL.createObjectURL(new Blob([text], { type: 'application/octet-stream' }));
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
  return null;
}
