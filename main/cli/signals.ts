// One Ctrl-C can arrive several times: from the terminal's process group, from npm, from the script that started us.
const SAME_SIGNAL_MS = 700;

/**
 * Turns the first SIGINT or SIGTERM into an abort of `work`'s signal; a second SIGINT ends the process at once with status 130.
 * @param onFirst told once, when the first signal arrives
 */
export async function interruptible<T>(onFirst: () => void, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const controller = new AbortController();
  let first = 0;
  const handle = (signal: NodeJS.Signals): void => {
    if (first === 0) {
      first = Date.now();
      onFirst();
      controller.abort();
    } else if (signal === 'SIGINT' && Date.now() - first > SAME_SIGNAL_MS) {
      process.exit(130);
    }
  };
  process.on('SIGINT', handle).on('SIGTERM', handle);
  try {
    return await work(controller.signal);
  } finally {
    process.off('SIGINT', handle).off('SIGTERM', handle);
  }
}
