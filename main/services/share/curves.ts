import type { Series } from '../../../preload/contract/runs.ts';
import { figure, whole } from '../../../preload/contract/figures.ts';
import { html, type Html } from './html.ts';
import { RUN_COLOURS } from './style.ts';

const WIDTH = 960;
const HEIGHT = 320;
const LEFT = 56;
const BOTTOM = 28;
const TOP = 10;
const RIGHT = 12;
const TICKS = 5;
const NARROWEST = 1e-12;

/** A curve a run, by step, with a sentence and a table of its ends for those who cannot see it. */
export function curves(title: string, series: readonly Series[], names: readonly string[]): Html | null {
  const points = series.map(pointsOf);
  const all = points.flat();
  if (all.length === 0) return null;
  const [left, right] = extent(all.map(([step]) => step));
  const [low, high] = extent(all.map(([, value]) => value));
  const x = (step: number): number => LEFT + ((step - left) / Math.max(right - left, 1)) * (WIDTH - LEFT - RIGHT);
  const y = (value: number): number =>
    HEIGHT - BOTTOM - ((value - low) / Math.max(high - low, NARROWEST)) * (HEIGHT - BOTTOM - TOP);
  return html`<figure>
    <svg viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label="${title}: ${sentence(points, names)}">
      ${ticks(low, high).map(
        (value) =>
          html`<line class="grid" x1="${LEFT}" x2="${WIDTH - RIGHT}" y1="${place(y(value))}" y2="${place(y(value))}" />
            <text x="${LEFT - 8}" y="${place(y(value) + 4)}" text-anchor="end">${figure(value)}</text>`,
      )}
      ${ticks(left, right).map(
        (step) => html`<text x="${place(x(step))}" y="${HEIGHT - 8}" text-anchor="middle">${whole(step)}</text>`,
      )}
      ${points.map(
        (curve, index) =>
          html`<polyline
            class="curve run-${index % RUN_COLOURS}"
            points="${curve.map(([step, value]) => `${place(x(step))},${place(y(value))}`).join(' ')}"
          />`,
      )}
    </svg>
    <figcaption class="quiet">${title} by step: ${sentence(points, names)}</figcaption>
  </figure>`;
}

/** How each run is drawn. */
export function legend(names: readonly string[]): Html {
  return html`<ul class="legend">
    ${names.map(
      (name, index) =>
        html`<li>
          <svg class="key" viewBox="0 0 36 8" aria-hidden="true">
            <line class="curve run-${index % RUN_COLOURS}" x1="0" y1="4" x2="36" y2="4" /></svg
          >${name}
        </li>`,
    )}
  </ul>`;
}

type Point = [step: number, value: number];

// Both ends of each bucket, in the order in which the eye expects them: every spike stays.
function pointsOf({ steps, minimum, maximum }: Series): Point[] {
  return [...steps].flatMap((step, index): Point[] => {
    const [low, high] = [minimum[index]!, maximum[index]!];
    if (!Number.isFinite(low) || !Number.isFinite(high)) return [];
    return low === high
      ? [[step, low]]
      : [
          [step, high],
          [step, low],
        ];
  });
}

function extent(values: readonly number[]): [number, number] {
  let [low, high] = [Infinity, -Infinity];
  for (const value of values) {
    low = Math.min(low, value);
    high = Math.max(high, value);
  }
  return [low, high];
}

/** Round figures inside a range. */
function ticks(low: number, high: number): number[] {
  const raw = Math.max(high - low, NARROWEST) / TICKS;
  const power = 10 ** Math.floor(Math.log10(raw));
  const step = [1, 2, 5, 10].map((factor) => factor * power).find((each) => each >= raw)!;
  const first = Math.ceil(low / step);
  const count = Math.floor(high / step) - first + 1;
  // Multiplied, not added up: a sum would drift off the round figures.
  return Array.from({ length: Math.max(count, 0) }, (_, index) => Number(((first + index) * step).toPrecision(12)));
}

function sentence(points: readonly Point[][], names: readonly string[]): string {
  const ends = points.flatMap((curve, index) => {
    const [first, last] = [curve[0], curve.at(-1)];
    return first && last ? [`${names[index]} from ${figure(first[1])} to ${figure(last[1])}`] : [];
  });
  return `${ends.join('; ')}.`;
}

const place = (value: number): string => value.toFixed(1);
