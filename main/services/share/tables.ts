import type { RunComparison, RunSummary } from '../../../preload/contract/runs.ts';
import { bytes, duration, figure, whole } from '../../../preload/contract/figures.ts';
import { html, type Html } from './html.ts';

interface Row {
  title: string;
  of: (run: RunSummary) => number | null;
  text: (value: number) => string;
}

const ROWS: Row[] = [
  { title: 'Steps', of: ({ step }) => step, text: whole },
  { title: 'Loss', of: ({ loss }) => loss, text: figure },
  { title: 'Evaluation loss', of: ({ evalLoss }) => evalLoss, text: figure },
  { title: 'Best evaluation loss', of: ({ bestEvalLoss }) => bestEvalLoss, text: figure },
  { title: 'Tokens a second', of: ({ tokensPerSecond }) => tokensPerSecond, text: whole },
  { title: 'Time trained', of: ({ seconds }) => seconds || null, text: duration },
  { title: 'Memory planned', of: ({ planBytes }) => planBytes, text: bytes },
  { title: 'Memory at its peak', of: ({ peakBytes }) => peakBytes, text: bytes },
];

/** What came of the runs, each figure with its difference from the baseline's. */
export function outcomes(runs: readonly RunSummary[], baseline: string | null): Html {
  const base = runs.find(({ id }) => id === baseline);
  const cell = ({ of, text }: Row, run: RunSummary): Html => {
    const value = of(run);
    const reference = base && base !== run ? of(base) : null;
    if (value === null) return html`<td class="figure">–</td>`;
    if (reference === null) return html`<td class="figure">${text(value)}</td>`;
    const sign = value > reference ? '+' : value < reference ? '−' : '±';
    return html`<td class="figure">
      ${text(value)}<br /><span class="quiet">${sign}${text(Math.abs(value - reference))}</span>
    </td>`;
  };
  return html`<div class="wide">
    <table>
      <thead>
        <tr>
          <th></th>
          ${runs.map((run) => html`<th class="figure">${run.name}${run === base ? ' (baseline)' : ''}</th>`)}
        </tr>
      </thead>
      <tbody>
        <tr>
          <th>Method</th>
          ${runs.map((run) => html`<td class="figure">${run.methodTitle}</td>`)}
        </tr>
        <tr>
          <th>Model</th>
          ${runs.map((run) => html`<td class="figure">${run.model}</td>`)}
        </tr>
        <tr>
          <th>Data</th>
          ${runs.map((run) => html`<td class="figure">${run.data}</td>`)}
        </tr>
        <tr>
          <th>State</th>
          ${runs.map((run) => html`<td class="figure">${run.state}</td>`)}
        </tr>
        ${ROWS.map(
          (row) =>
            html`<tr>
              <th>${row.title}</th>
              ${runs.map((run) => cell(row, run))}
            </tr>`,
        )}
      </tbody>
    </table>
  </div>`;
}

/** The settings that differ, and the others behind a fold. */
export function settings({ runs, settings: all }: RunComparison): Html {
  const [different, same] = [all.filter(({ differs }) => differs), all.filter(({ differs }) => !differs)];
  return html`<h2>Settings that differ</h2>
    ${
      different.length > 0 ? settingTable(runs, different) : html`<p class="quiet">None: all settings are the same.</p>`
    }
    <details>
      <summary>${same.length} settings that are the same</summary>
      ${settingTable(runs.slice(0, 1), same)}
    </details>`;
}

function settingTable(runs: readonly RunSummary[], rows: RunComparison['settings']): Html {
  return html`<div class="wide">
    <table>
      <thead>
        <tr>
          <th>Setting</th>
          ${runs.map(({ name }) => html`<th>${runs.length > 1 ? name : 'Value'}</th>`)}
        </tr>
      </thead>
      <tbody>
        ${rows.map(
          ({ setting, values }) =>
            html`<tr>
              <th>${setting}</th>
              ${values.slice(0, runs.length).map((value) => html`<td>${valueText(value)}</td>`)}
            </tr>`,
        )}
      </tbody>
    </table>
  </div>`;
}

function valueText(value: unknown): string {
  if (value === null || value === undefined) return '–';
  return typeof value === 'string' ? value : JSON.stringify(value);
}
