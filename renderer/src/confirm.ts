import { shallowRef } from 'vue';

export interface Question {
  title: string;
  /** One or two sentences. */
  text: string;
  /** What will be lost, by name and size; shown as a list. */
  loses?: string[];
  /** The verb on the button: “Delete 3 runs”, never “OK”. */
  action: string;
  /** The choice that changes nothing; default “Cancel”. */
  cancel?: string;
  /** A switch in the question: “Delete the files too”. Its state comes with the answer. */
  option?: { label: string; help?: string; on: boolean };
  danger?: boolean;
}

export type Confirmation = { yes: boolean; option: boolean };

/** The question that the confirmation dialog asks now. */
export const question = shallowRef<(Question & { answer: (given: Confirmation) => void }) | null>(null);

/** Asks before something is lost. A second question waits for no first one: the first is answered “no”. */
export function confirm(asked: Question): Promise<Confirmation> {
  question.value?.answer({ yes: false, option: false });
  return new Promise((resolve) => {
    question.value = {
      ...asked,
      answer: (given) => {
        question.value = null;
        resolve(given);
      },
    };
  });
}
