import { shallowRef, type ShallowRef } from 'vue';
import { reportOf, type ErrorReport } from '../../../preload/contract/errors.ts';
import type { Notice } from '../../../preload/contract/notices.ts';
import { useNotice } from '../notices.ts';

type Noun = Extract<Notice, { topic: 'changed' }>['noun'];

export interface LibraryList<T> {
  list: ShallowRef<T[]>;
  ready: ShallowRef<boolean>;
  error: ShallowRef<ErrorReport | null>;
  byId: (id: string) => T | null;
  load: () => Promise<void>;
  /** Asks for the list where nobody has yet. */
  ensure: () => Promise<void>;
}

/** A list of the library, filled when the first screen asks for it, and anew whenever one of `nouns` has changed. */
export function useLibraryList<T extends { id: string }>(
  ask: () => Promise<T[]>,
  ...nouns: readonly Noun[]
): LibraryList<T> {
  const list: ShallowRef<T[]> = shallowRef([]);
  const ready = shallowRef(false);
  const error = shallowRef<ErrorReport | null>(null);

  async function load(): Promise<void> {
    try {
      list.value = await ask();
      error.value = null;
      ready.value = true;
    } catch (thrown) {
      error.value = reportOf(thrown);
    }
  }
  async function ensure(): Promise<void> {
    if (!ready.value) await load();
  }
  const byId = (id: string): T | null => list.value.find((each) => each.id === id) ?? null;

  useNotice('changed', ({ noun }) => {
    if (nouns.includes(noun) && ready.value) void load();
  });
  return { list, ready, error, byId, load, ensure };
}
