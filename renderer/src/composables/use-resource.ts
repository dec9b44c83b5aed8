import { onScopeDispose, ref, shallowRef, watch, type Ref, type ShallowRef, type WatchSource } from 'vue';
import { reportOf, type ErrorReport } from '../../../preload/contract/errors.ts';

export interface Resource<T> {
  value: ShallowRef<T | null>;
  error: Ref<ErrorReport | null>;
  /** True until the first answer and during every later one; the old value stays meanwhile. */
  loading: Ref<boolean>;
  reload: () => Promise<void>;
}

/**
 * Something that a screen asks main for. Asks at once and whenever `sources` change; an answer that a later question has overtaken
 * is dropped.
 */
export function useResource<T>(load: () => Promise<T>, sources?: WatchSource | WatchSource[]): Resource<T> {
  const value = shallowRef<T | null>(null);
  const error = ref<ErrorReport | null>(null);
  const loading = ref(true);
  let question = 0;

  async function reload(): Promise<void> {
    const mine = ++question;
    loading.value = true;
    try {
      const answer = await load();
      if (mine !== question) return;
      value.value = answer;
      error.value = null;
    } catch (thrown) {
      if (mine !== question) return;
      error.value = reportOf(thrown);
    }
    loading.value = false;
  }

  if (sources) watch(sources, () => void reload());
  onScopeDispose(() => (question += 1));
  void reload();
  return { value, error, loading, reload };
}
