import type { TemplateSample } from '../../preload/contract/models.ts';
import { RankwiseError, reportOf } from '../../preload/contract/errors.ts';
import { chatTemplateOf } from '../data/chat-template.ts';
import type { Message } from '../data/messages.ts';
import { readNamedTokens } from '../data/tokenizer.ts';
import { readChatTemplate } from '../formats/chat-template-file.ts';
import type { DataWorkers } from './data-workers.ts';
import type { ModelService } from './models.ts';

/** A template is a program of whoever made the model: one that does not end is ended. */
const PATIENCE_MS = 5000;

/** No system message: some templates refuse one. */
const CHAT: readonly Message[] = [
  { role: 'user', content: 'What do whales eat?' },
  { role: 'assistant', content: 'Some eat krill, some eat squid.' },
  { role: 'user', content: 'How much a day?' },
];

/** Short conversations as models would have them written. */
export class TemplateSamples {
  readonly #workers: DataWorkers;
  readonly #models: ModelService;
  readonly #patienceMs: number;

  constructor(workers: DataWorkers, models: ModelService, patienceMs = PATIENCE_MS) {
    this.#workers = workers;
    this.#models = models;
    this.#patienceMs = patienceMs;
  }

  /** Throws E_MODEL for what is not in the library, E_TEMPLATE with what the template says or where it does not end. */
  async of(id: string): Promise<TemplateSample> {
    const folder = this.#models.folderOf(id);
    try {
      return await this.#workers.do('templateSample', { folder }, { signal: AbortSignal.timeout(this.#patienceMs) });
    } catch (error) {
      if (reportOf(error).code !== 'E_CANCELLED') throw error;
      throw new RankwiseError('E_TEMPLATE', 'The chat template did not come to an end, so it was stopped.');
    }
  }
}

/** The conversation by the template of a folder, up to where the model would go on. */
export function renderSample(folder: string): TemplateSample {
  const own = readChatTemplate(folder);
  const template = chatTemplateOf('auto', own, readNamedTokens(folder))!;
  return { text: template.render(CHAT, true), own: own !== null };
}
