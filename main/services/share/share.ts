import type { AnsweredPrompt, MetricKey, RunComparison, Series } from '../../../preload/contract/runs.ts';
import type { MetricRepository } from '../../store/metrics.ts';
import type { ComparisonService } from '../comparison.ts';
import { slugOf } from '../ids.ts';
import { ownSecrets, redactedValue } from '../redaction.ts';
import { answers } from './answers.ts';
import { curves, legend } from './curves.ts';
import { html, Html } from './html.ts';
import { memory } from './memory.ts';
import { STYLE } from './style.ts';
import { outcomes, settings } from './tables.ts';

const POINTS = 480;

/** Makes of a comparison one HTML file that needs nothing else: no script, no font, no network. */
export class ShareService {
  readonly #comparison: ComparisonService;
  readonly #metrics: MetricRepository;
  readonly #home: string;

  constructor(comparison: ComparisonService, metrics: MetricRepository, home: string) {
    this.#comparison = comparison;
    this.#metrics = metrics;
    this.#home = home;
  }

  /** Throws E_RUN. @param baseline one of the ids that the others are measured by, or null */
  async share(
    ids: readonly string[],
    baseline: string | null,
    answered: readonly AnsweredPrompt[],
  ): Promise<{ name: string; html: string }> {
    const secrets = ownSecrets(this.#home);
    const comparison = redactedValue(await this.#comparison.compare(ids), secrets);
    const names = comparison.runs.map(({ name }) => name);
    const of = (key: MetricKey): Series[] =>
      comparison.runs.map(({ id }) => ({ run: id, key, ...this.#metrics.buckets(id, key, null, null, POINTS) }));
    const document = page(comparison, baseline, redactedValue(answered, secrets), [
      curves('Loss', of('loss'), names),
      curves('Evaluation loss', of('evalLoss'), names),
    ]);
    return { name: `comparison-${slugOf(names.slice(0, 2).join(' '), 'runs')}.html`, html: document };
  }
}

function page(
  comparison: RunComparison,
  baseline: string | null,
  answered: readonly AnsweredPrompt[],
  charts: readonly (Html | null)[],
): string {
  const names = comparison.runs.map(({ name }) => name);
  const title = `${names.length} runs compared`;
  const body = html`<h1>${title}</h1>
    <p class="quiet">${names.join(', ')}</p>
    ${outcomes(comparison.runs, baseline)}
    <h2>Curves</h2>
    ${legend(names)} ${charts} ${settings(comparison)} ${memory(comparison)} ${norms(comparison)}
    ${answers(answered, comparison.runs)}
    <p class="quiet">Made with Rankwise.</p>`;
  // The file may be opened anywhere: it is allowed nothing but its own style.
  return html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <title>${title}</title>
        <style>
          ${new Html(STYLE)}
        </style>
      </head>
      <body>
        ${body}
      </body>
    </html> `.text;
}

/** What each adapter adds to each layer. */
function norms({ runs, adapterNorms }: RunComparison): Html | null {
  const layers = [...new Set(adapterNorms.flatMap((each) => (each ?? []).map(({ layer }) => layer)))];
  if (layers.length === 0) return null;
  const normOf = (index: number, layer: string): string =>
    adapterNorms[index]?.find((each) => each.layer === layer)?.norm.toPrecision(4) ?? '–';
  return html`<h2>What the adapters add</h2>
    <details>
      <summary>Norm of the change, by layer (${layers.length})</summary>
      <div class="wide">
        <table>
          <thead>
            <tr>
              <th>Layer</th>
              ${runs.map(({ name }) => html`<th class="figure">${name}</th>`)}
            </tr>
          </thead>
          <tbody>
            ${layers.map(
              (layer) =>
                html`<tr>
                  <th>${layer}</th>
                  ${runs.map((_, index) => html`<td class="figure">${normOf(index, layer)}</td>`)}
                </tr>`,
            )}
          </tbody>
        </table>
      </div>
    </details>`;
}
