import type { RunComparison } from '../../../preload/contract/runs.ts';
import { bytes } from '../../../preload/contract/figures.ts';
import { html, type Html } from './html.ts';
import { CATEGORY_COLOURS } from './style.ts';

const WIDTH = 960;
const BAR = 22;

/** Memory as planned, a bar a run, stacked by category; the same as a table. */
export function memory({ runs, plans }: RunComparison): Html | null {
  const categories = [...new Set(plans.flatMap((plan) => Object.keys(plan?.byCategory ?? {})))].filter((name) =>
    plans.some((plan) => (plan?.byCategory[name] ?? 0) > 0),
  );
  const most = Math.max(...plans.map((plan) => plan?.planBytes ?? 0));
  if (most === 0) return null;
  const colour = (category: string): number => categories.indexOf(category) % CATEGORY_COLOURS;
  return html`<h2>Memory as planned</h2>
    ${plans.map(
      (plan, index) =>
        plan &&
        html`<p>${runs[index]!.name}: ${bytes(plan.planBytes)}</p>
          <svg
            viewBox="0 0 ${WIDTH} ${BAR}"
            role="img"
            aria-label="${runs[index]!.name} takes ${bytes(plan.planBytes)}"
          >
            ${stack(plan.byCategory, categories).map(
              ({ category, from, size }) =>
                html`<rect
                  class="category-${colour(category)}"
                  x="${((from / most) * WIDTH).toFixed(1)}"
                  y="0"
                  width="${((size / most) * WIDTH).toFixed(1)}"
                  height="${BAR}"
                />`,
            )}
          </svg>`,
    )}
    <div class="wide">
      <table>
        <thead>
          <tr>
            <th>Category</th>
            ${runs.map(({ name }) => html`<th class="figure">${name}</th>`)}
          </tr>
        </thead>
        <tbody>
          ${categories.map(
            (category) =>
              html`<tr>
                <th><span class="swatch category-${colour(category)}"></span>${category}</th>
                ${plans.map((plan) => html`<td class="figure">${plan ? bytes(plan.byCategory[category] ?? 0) : '–'}</td>`)}
              </tr>`,
          )}
        </tbody>
      </table>
    </div>`;
}

function stack(byCategory: Record<string, number>, categories: readonly string[]) {
  let from = 0;
  return categories.map((category) => {
    const size = byCategory[category] ?? 0;
    from += size;
    return { category, from: from - size, size };
  });
}
