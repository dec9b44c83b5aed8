// How the scripts talk: progress on standard error, failures as one sentence and a hint.

export class Refusal extends Error {
  /** @param {string} sentence what is wrong  @param {string} [hint] what to do about it */
  constructor(sentence, hint = '') {
    super(sentence);
    this.hint = hint;
  }
}

export function say(text) {
  process.stderr.write(`${text}\n`);
}

/** Runs `work`; a Refusal ends the process with its sentence and status 1, without a stack trace, after `last` had its say. */
export async function orRefuse(work, last = () => {}) {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    say(error.message);
    if (error.hint) say(error.hint);
    last();
    process.exit(1);
  }
}
