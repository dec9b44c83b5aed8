import { computed, ref, shallowRef, watch, type ComputedRef, type Ref, type ShallowRef } from 'vue';
import type { ErrorReport } from '../../../preload/contract/errors.ts';
import type { MetricKey } from '../../../preload/contract/runs.ts';
import { overAxis, overStepsDone, stepsUnder, type AxisKind } from '../components/charts/axis.ts';
import type { Curve } from '../components/charts/curve.ts';
import type { View } from '../components/charts/view.ts';
import { useSeries } from './use-series.ts';

export interface RunCurves {
  /** A run's curve over the chosen axis; undefined where it has none. */
  curveOf: (run: string, key: MetricKey) => Curve | undefined;
  /** Where a number of steps done lies on the axis. */
  placeOf: (run: string, steps: number) => number;
  /** The part of the axis that is shown, for all charts of the screen; null = all. Another axis shows all again. */
  view: Ref<View | null>;
  error: ShallowRef<ErrorReport | null>;
  ready: ComputedRef<boolean>;
}

/** Series that count evaluations and what was held after a step: their x is a number of steps done already. */
const COUNTED: readonly MetricKey[] = ['evalLoss', 'peakBytes'];

/** Curves of runs over steps done, tokens seen or seconds trained, live and finer where they are zoomed. */
export function useRunCurves(ids: () => readonly string[], keys: readonly MetricKey[], axis: Ref<AxisKind>): RunCurves {
  const view = ref<View | null>(null);
  /** What the view covers in steps. Set when the view moves and not when curves grow: it decides what is asked for. */
  const steps = shallowRef<View | null>(null);
  const asked: MetricKey[] = [...keys, 'tokens', 'seconds'];
  const { curves, error, ready } = useSeries(ids, asked, { view: () => steps.value });

  const byKey = computed(() => {
    const all = new Map<string, Partial<Record<MetricKey, Curve>>>();
    for (const [run, ofRun] of curves.value) {
      const own: Partial<Record<MetricKey, Curve>> = {};
      for (const [key, curve] of Object.entries(ofRun) as [MetricKey, Curve][])
        own[key] = COUNTED.includes(key) ? curve : overStepsDone(curve);
      all.set(run, own);
    }
    return all;
  });
  const scaleOf = (run: string): Curve | undefined => {
    if (axis.value === 'step') return undefined;
    return byKey.value.get(run)?.[axis.value === 'tokens' ? 'tokens' : 'seconds'];
  };
  const scaled = computed(() => {
    const all = new Map<string, Partial<Record<MetricKey, Curve>>>();
    for (const [run, ofRun] of byKey.value) {
      const scale = scaleOf(run);
      const own: Partial<Record<MetricKey, Curve>> = {};
      for (const key of keys) if (ofRun[key]?.x.length) own[key] = overAxis(ofRun[key], scale);
      all.set(run, own);
    }
    return all;
  });

  watch(view, (seen) => {
    if (!seen) {
      steps.value = null;
      return;
    }
    const parts = ids().map((run) => stepsUnder(seen, scaleOf(run)));
    const from = Math.min(...parts.map((part) => part.from));
    steps.value = { from: Math.max(0, from - 1), to: Math.max(...parts.map((part) => part.to)) };
  });
  watch(axis, () => (view.value = null));

  return {
    curveOf: (run, key) => scaled.value.get(run)?.[key],
    placeOf: (run, done) => {
      const scale = scaleOf(run);
      return scale ? overAxis({ x: Float64Array.of(done), low: scale.low, high: scale.high }, scale).x[0]! : done;
    },
    view,
    error,
    ready: computed(() => ready.value),
  };
}
