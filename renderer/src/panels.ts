import { ref } from 'vue';

/** The dialogs that the shell opens from anywhere; one at a time. */
export type Panel = 'palette' | 'shortcuts';

export const panel = ref<Panel | null>(null);

export function openPanel(which: Panel): void {
  panel.value = which;
}
