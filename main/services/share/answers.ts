import type { AnsweredPrompt, RunSummary } from '../../../preload/contract/runs.ts';
import { piecesOf } from '../../../preload/contract/word-difference.ts';
import { html, type Html } from './html.ts';

/** The same prompts answered by each run; words that the first answer does not have are marked. */
export function answers(prompts: readonly AnsweredPrompt[], runs: readonly RunSummary[]): Html | null {
  if (prompts.length === 0) return null;
  const nameOf = (id: string): string => runs.find((run) => run.id === id)?.name ?? id;
  return html`<h2>The same prompts</h2>
    <p class="quiet">Answered with the same seed. Words that the first answer does not have are marked.</p>
    ${prompts.map(({ prompt, answers: given, difference }) => {
      const first = given.find(({ error }) => error === null);
      return html`<h3>${prompt}</h3>
        <p class="quiet">${Math.round(difference * 100)} % of the words differ.</p>
        <div class="answers">
          ${given.map((answer) => {
            const text = answer.error
              ? html`<span class="quiet">${answer.error.message}</span>`
              : answer === first
                ? html`${answer.text}`
                : html`${piecesOf(first!.text, answer.text).map(({ text: piece, changed }) =>
                    changed ? html`<mark>${piece}</mark>` : html`${piece}`,
                  )}`;
            return html`<section class="answer">
              <h4>${nameOf(answer.run)}</h4>
              <span class="text">${text}</span>
            </section>`;
          })}
        </div>`;
    })}`;
}
