import { computed, shallowRef, watch, type ComputedRef, type Ref, type ShallowRef } from 'vue';
import type { ErrorReport } from '../../../../preload/contract/errors.ts';
import type { RunDetails, RunEventRecord } from '../../../../preload/contract/runs.ts';
import { api } from '../../bridge.ts';
import { useResource } from '../../composables/use-resource.ts';
import { useNotice } from '../../notices.ts';
import { useRuns } from '../../stores/runs.ts';

export interface LiveRun {
  /** What is known of it, its summary as main tells it now. */
  run: ComputedRef<RunDetails | null>;
  /** Everything that it told, in order. */
  events: ShallowRef<RunEventRecord[]>;
  error: Ref<ErrorReport | null>;
  reload: () => Promise<void>;
}

/** One run, followed while it trains. */
export function useRun(id: () => string): LiveRun {
  const runs = useRuns();
  const { value, error, reload } = useResource(() => api.runs.get({ id: id() }), id);
  const told = useResource(() => api.runs.events({ id: id(), kinds: null }), id);
  const events = shallowRef<RunEventRecord[]>([]);
  const memory = shallowRef<RunDetails['memory']>(null);

  watch(told.value, (all) => {
    const known = all ?? [];
    const last = known.at(-1)?.id ?? -1;
    // What was told while the answer was on its way.
    events.value = [...known, ...events.value.filter((event) => event.id > last && !known.includes(event))];
  });
  watch(id, () => {
    events.value = [];
    memory.value = null;
  });

  const summary = computed(() => runs.byId(id()));
  const run = computed<RunDetails | null>(() => {
    const details = value.value;
    if (!details || details.id !== id()) return null;
    return { ...details, ...summary.value, memory: memory.value ?? details.memory };
  });

  // Checkpoints, results, what is still to come: asked for anew when one of them is another.
  watch(
    () => summary.value?.state,
    (now, before) => {
      if (before !== undefined && now !== undefined) void reload();
    },
  );
  useNotice('event', ({ run: of, event }) => {
    if (of !== id()) return;
    events.value = [...events.value.filter((each) => each.id !== event.id), event];
    if (event.kind === 'checkpoint' || event.kind === 'state') void reload();
  });
  useNotice('memory', ({ run: of, step, peakBytes, byCategory }) => {
    if (of === id()) memory.value = { step, peakBytes, byCategory };
  });
  useNotice('changed', ({ noun }) => {
    if (noun !== 'runs' && noun !== 'models' && noun !== 'adapters') return;
    void reload();
    if (noun === 'runs') void told.reload();
  });
  return { run, events, error, reload };
}
