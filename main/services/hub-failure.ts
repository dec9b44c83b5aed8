import { RankwiseError } from '../../preload/contract/errors.ts';

/** How long a hub may send nothing until its connection counts as broken. */
export const IDLE_MS = 60_000;

/** Calls `run` after a time, unless what it answers is called before. */
export type Alarm = (ms: number, run: () => void) => () => void;

export const realAlarm: Alarm = (ms, run) => {
  const timer = setTimeout(run, ms);
  return () => clearTimeout(timer);
};

/** A failure that may be over the next time: the connection, or a server that is too busy. */
export class PassingFailure extends RankwiseError {
  /** The server's wish, where it has told one. */
  readonly waitMs: number | null;

  constructor(message: string, waitMs: number | null = null) {
    super('E_NETWORK', message, 'Check the connection and the address of the hub, then try again.');
    this.waitMs = waitMs;
  }
}

/** Why a connection failed, in a word: "ECONNREFUSED". */
export function causeOf(error: unknown): string {
  const { cause, message } = error as Error & { cause?: { code?: string; message?: string } };
  return cause?.code ?? cause?.message ?? message;
}

/**
 * What a wait for a hub resolves to. Throws PassingFailure where that takes longer than a hub may be silent; `abandon` is called then
 * and ends the wait's work.
 */
export async function unlessIdle<T>(wait: Promise<T>, alarm: Alarm, host: string, abandon: () => void): Promise<T> {
  const { promise: silence, reject } = Promise.withResolvers<never>();
  const heard = alarm(IDLE_MS, () => {
    reject(new PassingFailure(`${host} has sent nothing for ${IDLE_MS / 1000} seconds.`));
    abandon();
  });
  try {
    return await Promise.race([wait, silence]);
  } finally {
    heard();
  }
}
