import { onScopeDispose, ref, type Ref } from 'vue';

/** The time, moving on every half minute for “5 minutes ago”, or as often as is asked for. */
export function useNow(everyMs = 30_000): Ref<number> {
  const now = ref(Date.now());
  const timer = setInterval(() => (now.value = Date.now()), everyMs);
  onScopeDispose(() => clearInterval(timer));
  return now;
}
