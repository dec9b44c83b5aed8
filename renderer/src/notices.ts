import { onScopeDispose } from 'vue';
import type { Notice } from '../../preload/contract/notices.ts';

type Topic = Notice['topic'];
type Of<T extends Topic> = Extract<Notice, { topic: T }>;

const listeners = new Map<Topic, Set<(notice: never) => void>>();

/** Begins to listen to main. Called once, before the first screen. */
export function listenToMain(): void {
  window.rankwise.listen((notice) => {
    for (const listener of listeners.get(notice.topic) ?? []) listener(notice as never);
  });
}

/** @returns what ends the listening */
function onNotice<T extends Topic>(topic: T, listener: (notice: Of<T>) => void): () => void {
  const known = listeners.get(topic) ?? new Set();
  listeners.set(topic, known);
  known.add(listener);
  return () => known.delete(listener);
}

/** For as long as the component (or store) that calls it lives. */
export function useNotice<T extends Topic>(topic: T, listener: (notice: Of<T>) => void): void {
  onScopeDispose(onNotice(topic, listener));
}
