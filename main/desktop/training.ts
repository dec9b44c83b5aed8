import type { Notice } from '../../preload/contract/notices.ts';
import type { RunSummary } from '../../preload/contract/runs.ts';
import type { NoticeHub } from '../services/notices.ts';

/**
 * Follows which runs train now. `onEnd` is told a run that waited or trained and no longer does: notices are thinned, and of a very
 * short run not every state is told.
 */
export class Training {
  readonly #runs = new Set<string>();
  readonly #underway = new Set<string>();
  readonly #onChange: (training: boolean) => void;
  readonly #onEnd: (run: RunSummary) => void;

  constructor(notices: NoticeHub, onChange: (training: boolean) => void, onEnd: (run: RunSummary) => void) {
    this.#onChange = onChange;
    this.#onEnd = onEnd;
    notices.subscribe((notice) => this.#take(notice));
  }

  #take(notice: Notice): void {
    if (notice.topic !== 'run') return;
    const { run } = notice;
    const before = this.#runs.size > 0;
    if (run.state === 'running') this.#runs.add(run.id);
    else this.#runs.delete(run.id);
    if (run.state === 'running' || run.state === 'queued') this.#underway.add(run.id);
    else if (this.#underway.delete(run.id)) this.#onEnd(run);
    if (before !== this.#runs.size > 0) this.#onChange(this.#runs.size > 0);
  }
}
