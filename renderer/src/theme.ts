import { computed, ref, watchEffect } from 'vue';
import type { Settings } from '../../preload/contract/system.ts';

const systemIsDark = window.matchMedia('(prefers-color-scheme: dark)');
const systemDark = ref(systemIsDark.matches);
systemIsDark.addEventListener('change', () => (systemDark.value = systemIsDark.matches));

/** What the settings say; `system` follows the operating system. */
export const theme = ref<Settings['theme']>('system');

/** Whether the interface is dark now. Canvases watch this to take their colours anew. */
export const dark = computed(() => (theme.value === 'system' ? systemDark.value : theme.value === 'dark'));

/** Keeps the root element's attribute in step with the theme. Called once. */
export function applyTheme(): void {
  const root = document.documentElement;
  watchEffect(() => {
    // All colours change at once: those that would fade would lag behind the others, unreadable on the way.
    root.toggleAttribute('data-switching', true);
    root.dataset['theme'] = dark.value ? 'dark' : 'light';
    requestAnimationFrame(() => requestAnimationFrame(() => root.toggleAttribute('data-switching', false)));
  });
}

/** The value of a colour token as the canvas understands it. */
export function colour(token: string): string {
  const probe = document.createElement('span');
  probe.hidden = true;
  probe.style.color = `var(--${token})`;
  document.body.append(probe);
  const value = getComputedStyle(probe).color;
  probe.remove();
  return value;
}
