import type { Api, Result } from '../../preload/contract/api.ts';
import type { PickedFile } from '../../preload/contract/files.ts';
import { RankwiseError } from '../../preload/contract/errors.ts';
import { plain } from './plain.ts';

/** Which door the screens came through: some things (the system's dialogs, the file manager) exist only on the desktop. */
export const door = window.rankwise.door;

type Call = (input?: unknown) => Promise<Result<unknown>>;

/**
 * The contract as the screens use it: `await api.runs.list({ project: null })`. A refusal is thrown as a RankwiseError with its
 * code and hint.
 */
export const api = new Proxy({} as Api, {
  get: (_, noun: string) =>
    new Proxy(
      {},
      {
        get: (_, method: string) => async (input?: unknown) => {
          const nouns = window.rankwise.api as unknown as Record<string, Record<string, Call>>;
          const call = nouns[noun]![method]!;
          return opened(await (input === undefined ? call() : call(plain(input))));
        },
      },
    ),
});

/** A file that was dropped or chosen in the page, as a handle that main knows. */
export async function admit(file: File): Promise<PickedFile> {
  return opened(await window.rankwise.admit(file));
}

function opened<T>(result: Result<T>): T {
  if (result.ok) return result.value;
  throw new RankwiseError(result.error.code, result.error.message, result.error.hint);
}
