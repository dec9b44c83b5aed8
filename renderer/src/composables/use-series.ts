import { computed, onScopeDispose, shallowRef, watch, type ComputedRef, type ShallowRef } from 'vue';
import { reportOf, type ErrorReport } from '../../../preload/contract/errors.ts';
import type { MetricKey, Series } from '../../../preload/contract/runs.ts';
import { api } from '../bridge.ts';
import { appended, curveOfSeries, emptyCurve, type Curve } from '../components/charts/curve.ts';
import type { View } from '../components/charts/view.ts';
import { useNotice } from '../notices.ts';

type Curves = Map<string, Partial<Record<MetricKey, Curve>>>;

export interface LiveSeries {
  /** By run and key, steps along x; finer inside `view` once main has answered. */
  curves: ComputedRef<Curves>;
  error: ShallowRef<ErrorReport | null>;
  ready: ShallowRef<boolean>;
}

/**
 * Series of some runs, growing as main tells new points. Asks for `points` buckets of the whole; where `view` shows a part of a
 * longer series, asks for that part alone a moment after the view has come to rest.
 */
export function useSeries(
  ids: () => readonly string[],
  keys: readonly MetricKey[],
  { points = 2000, view = () => null }: { points?: number; view?: () => View | null } = {},
): LiveSeries {
  const whole = shallowRef<Curves>(new Map());
  const detail = shallowRef<{ from: number; to: number; curves: Curves } | null>(null);
  const error = shallowRef<ErrorReport | null>(null);
  const ready = shallowRef(false);
  let thinned = false;
  let question = 0;
  let timer: ReturnType<typeof setTimeout> | undefined;

  async function ask(from: number | null, to: number | null): Promise<Series[] | null> {
    const mine = ++question;
    try {
      const answer = await api.runs.series({ ids: [...ids()], keys: [...keys], from, to, points });
      return mine === question ? answer : null;
    } catch (thrown) {
      if (mine === question) error.value = reportOf(thrown);
      return null;
    }
  }

  async function load(): Promise<void> {
    detail.value = null;
    if (ids().length === 0) {
      whole.value = new Map();
      return;
    }
    const answer = await ask(null, null);
    if (!answer) return;
    thinned = answer.some(({ count, steps }) => count > steps.length);
    whole.value = curvesOf(answer);
    error.value = null;
    ready.value = true;
  }

  async function refine(): Promise<void> {
    const seen = view();
    if (!seen || !thinned) {
      detail.value = null;
      return;
    }
    const margin = seen.to - seen.from;
    const from = Math.max(0, Math.floor(seen.from - margin));
    const to = Math.ceil(seen.to + margin);
    const answer = await ask(from, to);
    if (answer) detail.value = { from, to, curves: curvesOf(answer) };
  }

  watch(
    () => ids().join(' '),
    () => void load(),
    { immediate: true },
  );
  watch(view, () => {
    clearTimeout(timer);
    timer = setTimeout(() => void refine(), 150);
  });
  onScopeDispose(() => {
    clearTimeout(timer);
    question += 1;
  });

  useNotice('metrics', ({ run, steps, values }) => {
    const known = whole.value.get(run);
    if (!known) return;
    const grown = { ...known };
    for (const key of keys) {
      const more = values[key];
      if (more) grown[key] = grown[key] ? appended(grown[key], steps, more) : appended(emptyCurve(), steps, more);
    }
    whole.value = new Map(whole.value).set(run, grown);
    // Live points come one by one: a long run is thinned again now and then.
    if (Object.values(grown).some((curve) => curve.x.length > 4 * points)) void load();
  });

  // Also told after a connection was lost and is back: what was missed is asked for.
  useNotice('changed', ({ noun }) => {
    if (noun === 'runs') void load();
  });

  const curves = computed(() => {
    const seen = view();
    const fine = detail.value;
    return seen && fine && fine.from <= seen.from && seen.to <= fine.to ? fine.curves : whole.value;
  });
  return { curves, error, ready };
}

function curvesOf(answer: readonly Series[]): Curves {
  const curves: Curves = new Map();
  for (const series of answer) {
    const ofRun = curves.get(series.run) ?? {};
    ofRun[series.key] = curveOfSeries(series);
    curves.set(series.run, ofRun);
  }
  return curves;
}
