import type { HubAccess } from './hub-request.ts';
import { causeOf, PassingFailure, unlessIdle } from './hub-failure.ts';

/**
 * The bytes of a hub's answer as they come. Throws PassingFailure where the connection breaks or falls silent.
 * @param subject what is received, for sentences
 */
export async function* bodyOf(
  answer: Response,
  subject: string,
  { alarm }: Pick<HubAccess, 'alarm'>,
  signal: AbortSignal,
): AsyncGenerator<Uint8Array> {
  const reader = (answer.body as ReadableStream<Uint8Array> | null)?.getReader();
  if (!reader) return;
  const abandon = (): void => void reader.cancel().catch(() => undefined);
  try {
    for (;;) {
      const { done, value } = await unlessIdle(reader.read(), alarm, URL.parse(answer.url)?.host ?? 'The hub', abandon);
      if (done) return;
      yield value;
    }
  } catch (error) {
    signal.throwIfAborted();
    if (error instanceof PassingFailure) throw error;
    throw new PassingFailure(`The connection broke in the middle of ${subject} (${causeOf(error)}).`);
  } finally {
    await reader.cancel().catch(() => undefined);
  }
}
