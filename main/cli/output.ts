import { reportOf } from '../../preload/contract/errors.ts';

/** Where a command writes: results on standard output, everything else on standard error. */
export interface Output {
  json: boolean;
  /** One JSON document (or one line of a stream) with --json, the text without. */
  result(value: unknown, text: () => string): void;
  /** A line for people on standard error; silent with --json. */
  note(text: string): void;
}

export function createOutput(json: boolean): Output {
  return {
    json,
    result(value, text) {
      process.stdout.write(`${json ? JSON.stringify(value) : text()}\n`);
    },
    note(text) {
      if (!json) process.stderr.write(`${text}\n`);
    },
  };
}

/** A failure in three lines: code and sentence, then what can be done. */
export function explain(error: unknown): string {
  const { code, message, hint } = reportOf(error);
  const stack = code === 'E_INTERNAL' && process.env.RANKWISE_DEBUG && error instanceof Error ? `\n${error.stack}` : '';
  return `${code}: ${message}${hint ? `\n${hint}` : ''}${stack}\n`;
}
