import { computed, type ComputedRef, type Ref, type ShallowRef } from 'vue';
import { useRoute, useRouter } from 'vue-router';
import type { ErrorReport } from '../../../../preload/contract/errors.ts';
import type { RunComparison, RunSummary } from '../../../../preload/contract/runs.ts';
import { api } from '../../bridge.ts';
import { useResource } from '../../composables/use-resource.ts';
import { useRuns } from '../../stores/runs.ts';
import { idsOf } from './selection.ts';

export interface Comparison {
  /** Runs that are compared and still there, in their order: their place is their look. */
  runs: ComputedRef<RunSummary[]>;
  ids: ComputedRef<string[]>;
  /** The one that the others are measured by; null = none. */
  baseline: ComputedRef<RunSummary | null>;
  details: ShallowRef<RunComparison | null>;
  error: Ref<ErrorReport | null>;
  reload: () => Promise<void>;
  choose: (ids: readonly string[]) => void;
  measureBy: (id: string | null) => void;
}

const NO_BASELINE = 'none';

/** The comparison that the address names. */
export function useComparison(): Comparison {
  const route = useRoute();
  const router = useRouter();
  const store = useRuns();

  const runs = computed(() =>
    idsOf(route.query)
      .map(store.byId)
      .filter((run): run is RunSummary => run !== null),
  );
  const ids = computed(() => runs.value.map(({ id }) => id));
  const asked = computed(() => route.query['baseline']);
  const baseline = computed(() => {
    if (asked.value === NO_BASELINE || runs.value.length < 2) return null;
    return runs.value.find(({ id }) => id === asked.value) ?? runs.value[0] ?? null;
  });

  // What was compared while a run trained is asked for anew when it has come to its end.
  const states = computed(() => runs.value.map(({ id, state }) => `${id} ${state}`).join('\n'));
  const {
    value: details,
    error,
    reload,
  } = useResource<RunComparison | null>(
    () => (ids.value.length >= 2 ? api.runs.compare({ ids: ids.value }) : Promise.resolve(null)),
    states,
  );

  const go = (query: Record<string, string>): void => void router.replace({ name: 'compare', query });
  return {
    runs,
    ids,
    baseline,
    details,
    error,
    reload,
    choose: (chosen) =>
      go({
        ...(chosen.length > 0 ? { runs: chosen.join(',') } : {}),
        ...(typeof asked.value === 'string' && (asked.value === NO_BASELINE || chosen.includes(asked.value))
          ? { baseline: asked.value }
          : {}),
      }),
    measureBy: (id) => go({ runs: ids.value.join(','), baseline: id ?? NO_BASELINE }),
  };
}
