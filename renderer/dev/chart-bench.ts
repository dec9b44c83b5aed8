import '../src/styles/main.css';
import { TooltipProvider } from 'reka-ui';
import { createApp, h, shallowRef } from 'vue';
import LineChart from '../src/components/charts/LineChart.vue';
import { curveOf, type Curve } from '../src/components/charts/curve.ts';
import type { View } from '../src/components/charts/view.ts';
import { i18n } from '../src/i18n.ts';

const RUNS = 10;
const STEPS = 100_000;
const FRAMES = 180;

function noisy(seed: number): Curve {
  let state = seed + 1;
  const noise = (): number => (state = (state * 16807) % 2147483647) / 2147483647 - 0.5;
  const x = Float64Array.from({ length: STEPS }, (_, i) => i);
  return curveOf(
    x,
    x.map((step) => 1.5 + 0.05 * seed + 4 * Math.exp(-step / 9000) + 0.4 * noise()),
  );
}

const smoothing = shallowRef(0);
const view = shallowRef<View | null>(null);
const series = Array.from({ length: RUNS }, (_, place) => ({
  id: String(place),
  label: `Run ${place + 1}`,
  place,
  curve: noisy(place),
}));
const chart = (): ReturnType<typeof h> =>
  h(LineChart, { title: 'Loss', series, xTitle: 'Step', height: 420, view: view.value, smoothing: smoothing.value });
createApp({ render: () => h(TooltipProvider, null, { default: chart }) })
  .use(i18n)
  .mount('#app');

const frame = (): Promise<number> => new Promise((resolve) => requestAnimationFrame(resolve));

/** Milliseconds between frames while the view changes in every one: first a zoom in and out, then a pan. */
async function measure(at: (share: number) => View): Promise<number[]> {
  const times: number[] = [];
  let before = await frame();
  for (let i = 0; i < FRAMES; i++) {
    view.value = at(i / FRAMES);
    const now = await frame();
    times.push(now - before);
    before = now;
  }
  return times;
}

const zoomAt = (share: number): View => {
  const half = (STEPS / 2) * (0.02 + 0.97 * Math.abs(1 - 2 * share));
  return { from: STEPS / 2 - half, to: STEPS / 2 + half };
};
const panAt = (share: number): View => ({ from: share * STEPS * 0.5, to: share * STEPS * 0.5 + STEPS * 0.5 });

Object.assign(window, {
  measure: async () => {
    await document.fonts.ready;
    const times: Record<string, number[]> = {};
    for (const strength of [0, 0.3]) {
      smoothing.value = strength;
      for (let i = 0; i < 10; i++) await frame();
      const name = strength > 0 ? 'smoothed lines over raw ones' : 'raw lines';
      times[`${name}, zoom`] = await measure(zoomAt);
      times[`${name}, pan`] = await measure(panAt);
    }
    return { runs: RUNS, steps: STEPS, times };
  },
});
