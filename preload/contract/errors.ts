/** What went wrong: a stable code, one sentence, and what the user can do about it. Crosses process borders as plain data. */
export interface ErrorReport {
  code: string;
  message: string;
  hint: string;
}

export class RankwiseError extends Error {
  readonly code: string;
  readonly hint: string;

  constructor(code: string, message: string, hint = '') {
    super(message);
    this.name = 'RankwiseError';
    this.code = code;
    this.hint = hint;
  }
}

/** Any thrown value as a report; what is not ours keeps its text under E_INTERNAL. */
export function reportOf(error: unknown): ErrorReport {
  if (error instanceof Error) {
    const { code, hint } = error as Partial<ErrorReport>;
    if (typeof code === 'string' && code.startsWith('E_')) return { code, message: error.message, hint: hint ?? '' };
    return { code: 'E_INTERNAL', message: error.message, hint: '' };
  }
  return { code: 'E_INTERNAL', message: String(error), hint: '' };
}
