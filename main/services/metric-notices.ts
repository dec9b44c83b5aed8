import type { Notice } from '../../preload/contract/notices.ts';
import type { MetricKey } from '../../preload/contract/runs.ts';

export type MetricNotice = Extract<Notice, { topic: 'metrics' }>;

/** The values of one step. */
export function metricsOf(run: string, step: number, values: Partial<Record<MetricKey, number>>): MetricNotice {
  const told = Object.entries(values).map(([key, value]) => [key, Float64Array.of(value)]);
  return {
    topic: 'metrics',
    run,
    steps: Float64Array.of(step),
    values: Object.fromEntries(told) as MetricNotice['values'],
  };
}

/** Several notices of one run as one: steps ascending, each once; a later value of the same step and key counts. */
export function joinMetrics(notices: readonly MetricNotice[]): MetricNotice {
  const steps = Float64Array.from(new Set(notices.flatMap((notice) => [...notice.steps]))).sort();
  const place = new Map([...steps].map((step, index) => [step, index]));
  const values: MetricNotice['values'] = {};
  for (const notice of notices) {
    for (const [key, from] of Object.entries(notice.values) as [MetricKey, Float64Array][]) {
      const into = (values[key] ??= new Float64Array(steps.length).fill(NaN));
      for (const [index, step] of notice.steps.entries()) {
        // NaN is also what a diverged loss is: it must not undo a value that another notice tells of the step.
        if (!Number.isNaN(from[index]!)) into[place.get(step)!] = from[index]!;
      }
    }
  }
  return { topic: 'metrics', run: notices[0]!.run, steps, values };
}
