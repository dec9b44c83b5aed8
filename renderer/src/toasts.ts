import { ref } from 'vue';
import { reportOf } from '../../preload/contract/errors.ts';

export interface Toast {
  id: number;
  tone: 'plain' | 'danger';
  text: string;
  /** The second line: what can be done about it. */
  hint: string;
  action: { label: string; run: () => void } | null;
}

/** What the toast host shows now. */
export const toasts = ref<Toast[]>([]);

let next = 1;

/** Says that something was done, with a way back where there is one. Never for what needs an answer: use `confirm`. */
export function toast(text: string, action: Toast['action'] = null): void {
  show({ tone: 'plain', text, hint: '', action });
}

/** Tells what went wrong with something the user asked for. What was cancelled is no news. */
export function toastError(thrown: unknown): void {
  const { code, message, hint } = reportOf(thrown);
  if (code !== 'E_CANCELLED') show({ tone: 'danger', text: message, hint, action: null });
}

export function dismiss(id: number): void {
  toasts.value = toasts.value.filter((each) => each.id !== id);
}

function show(content: Omit<Toast, 'id'>): void {
  toasts.value = [...toasts.value.slice(-3), { id: next++, ...content }];
}
