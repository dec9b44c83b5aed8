import { onMounted, onScopeDispose } from 'vue';

/** "mod+k" is Ctrl+K, or ⌘K on a Mac; a letter or sign alone counts only outside of fields. */
export type Hotkeys = Record<string, (event: KeyboardEvent) => void>;

export const onMac = navigator.platform.startsWith('Mac');

export function useHotkeys(hotkeys: Hotkeys): void {
  function pressed(event: KeyboardEvent): void {
    if (event.defaultPrevented || event.isComposing) return;
    const action = hotkeys[nameOf(event)];
    if (!action) return;
    if (!(event.ctrlKey || event.metaKey || event.altKey) && isField(event.target)) return;
    event.preventDefault();
    action(event);
  }
  onMounted(() => window.addEventListener('keydown', pressed));
  onScopeDispose(() => window.removeEventListener('keydown', pressed));
}

function nameOf(event: KeyboardEvent): string {
  const mod = onMac ? event.metaKey : event.ctrlKey;
  // With Alt a Mac's keyboard writes another sign: there the key counts, not the sign.
  const code = /^(?:Digit|Key)(.)$/.exec(event.code)?.[1];
  const key = (event.altKey && code ? code : event.key).toLowerCase();
  // A sign such as “?” needs Shift on some keyboards and not on others.
  const shift = event.shiftKey && (key.length > 1 || /[a-z0-9]/.test(key));
  return `${mod ? 'mod+' : ''}${event.altKey ? 'alt+' : ''}${shift ? 'shift+' : ''}${key}`;
}

function isField(target: EventTarget | null): boolean {
  return target instanceof HTMLElement && (target.isContentEditable || target.matches('input, textarea, select'));
}
