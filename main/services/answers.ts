import { reportOf } from '../../preload/contract/errors.ts';
import type { Answer, AnsweredPrompt } from '../../preload/contract/runs.ts';
import { differenceOf } from '../../preload/contract/word-difference.ts';
import type { RunRecord } from '../store/runs.ts';
import type { InferenceService } from './inference.ts';
import type { NoticeHub } from './notices.ts';
import type { RecordService } from './records.ts';
import { modelOf } from './run-results.ts';
import type { TaskService } from './tasks.ts';

export interface AnswerRequest {
  ids: string[];
  prompts: string[];
  maxTokens: number;
  temperature: number;
  seed: number;
  /** Id of the task that this is. */
  task: string;
}

/** Asks what several runs left the same questions, with the same seed. */
export class AnswerService {
  readonly #inference: InferenceService;
  readonly #records: RecordService;
  readonly #tasks: TaskService;
  readonly #notices: NoticeHub;

  constructor(inference: InferenceService, records: RecordService, tasks: TaskService, notices: NoticeHub) {
    this.#inference = inference;
    this.#records = records;
    this.#tasks = tasks;
    this.#notices = notices;
  }

  /**
   * An answer that fails says why in its place. Throws E_RUN, E_CANCELLED.
   * The texts come as notices while they grow.
   */
  async ask(request: AnswerRequest): Promise<AnsweredPrompt[]> {
    const { ids, prompts, task } = request;
    const runs = ids.map((id) => this.#records.find(id));
    return this.#tasks.run(task, `Answers of ${runs.length} runs`, 'rows', async (progress, signal) => {
      progress(0, runs.length * prompts.length);
      const answers: Answer[][] = prompts.map(() => []);
      let done = 0;
      for (const run of runs) {
        for (const [index, prompt] of prompts.entries()) {
          answers[index]!.push(await this.#answer(run, index, prompt, request, signal));
          signal.throwIfAborted();
          progress(++done);
        }
      }
      return prompts.map((prompt, index) => answered(prompt, answers[index]!));
    });
  }

  async #answer(
    run: RunRecord,
    index: number,
    prompt: string,
    { maxTokens, temperature, seed, task }: AnswerRequest,
    signal: AbortSignal,
  ): Promise<Answer> {
    let text = '';
    try {
      const generation = await this.#inference.generate(
        {
          ...modelOf(run),
          precision: run.config.training.precision,
          prompt,
          // What was trained on rows was trained through a template; what read plain text goes on with plain text.
          chat: run.config.data.format !== 'text' && run.config.data.format !== 'tokens',
          maxTokens,
          temperature,
          seed,
        },
        (more) => {
          text += more;
          this.#notices.publish({ topic: 'answer', task, prompt: index, run: run.id, text });
        },
        signal,
      );
      return { run: run.id, text: generation.text, error: null };
    } catch (error) {
      if (signal.aborted) throw error;
      return { run: run.id, text, error: reportOf(error) };
    }
  }
}

function answered(prompt: string, answers: Answer[]): AnsweredPrompt {
  const [first, ...others] = answers.filter(({ error }) => error === null);
  const differences = others.map(({ text }) => differenceOf(first!.text, text));
  const difference = differences.length > 0 ? differences.reduce((sum, each) => sum + each, 0) / differences.length : 0;
  return { prompt, answers, difference };
}
