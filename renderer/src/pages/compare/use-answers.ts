import { computed, shallowRef, type ComputedRef, type Ref, type ShallowRef } from 'vue';
import type { ErrorReport } from '../../../../preload/contract/errors.ts';
import type { AnsweredPrompt } from '../../../../preload/contract/runs.ts';
import type { Task } from '../../../../preload/contract/tasks.ts';
import { api } from '../../bridge.ts';
import { useTask } from '../../composables/use-task.ts';
import { useNotice } from '../../notices.ts';

export interface AnswerSettings {
  maxTokens: number;
  temperature: number;
  seed: number;
}

export interface LiveAnswers {
  /** As far as they are told; in the order of the prompts. */
  answers: ShallowRef<AnsweredPrompt[]>;
  ask: (ids: readonly string[], prompts: readonly string[], settings: AnswerSettings) => Promise<void>;
  cancel: () => void;
  running: Ref<boolean>;
  task: ComputedRef<Task | null>;
  error: Ref<ErrorReport | null>;
  /** All runs have answered everything. */
  complete: ComputedRef<boolean>;
}

/** The same prompts put to several runs; their answers grow as they are told. */
export function useAnswers(): LiveAnswers {
  const { run, cancel, running, task, error } = useTask();
  const answers = shallowRef<AnsweredPrompt[]>([]);
  const done = shallowRef(false);
  let asked = '';

  async function ask(ids: readonly string[], prompts: readonly string[], settings: AnswerSettings): Promise<void> {
    done.value = false;
    answers.value = prompts.map((prompt) => ({ prompt, answers: [], difference: 0 }));
    const answer = await run((id) => {
      asked = id;
      return api.runs.answers({ ids: [...ids], prompts: [...prompts], ...settings, task: id });
    });
    if (!answer) return;
    answers.value = answer;
    done.value = true;
  }

  useNotice('answer', ({ task: of, prompt, run: id, text }) => {
    if (of !== asked || !running.value) return;
    answers.value = answers.value.map((each, index) => {
      if (index !== prompt) return each;
      const others = each.answers.filter((answer) => answer.run !== id);
      return { ...each, answers: [...others, { run: id, text, error: null }] };
    });
  });
  return { answers, ask, cancel, running, task, error, complete: computed(() => done.value) };
}
