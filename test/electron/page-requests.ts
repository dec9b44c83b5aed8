import { fromWeb, handlerOf } from './protocol.ts';
import { isCancelled } from './session.ts';

export interface PausedRequest {
  requestId: string;
  frameId: string;
  resourceType: string;
  request: { url: string; method: string; headers: Record<string, string>; postData?: string };
}

type Send = (method: string, params: object) => Promise<unknown>;

/** Whether a page may go to an address on its own wish. */
export type MayNavigate = (address: string, frame: string) => boolean;

/** Answers what a page asks for: the app's own schemes by their handlers, everything else by the network unless that is denied. */
export async function answerRequest(paused: PausedRequest, mayNavigate: MayNavigate, send: Send): Promise<void> {
  const { requestId, request, resourceType, frameId } = paused;
  const address = fromWeb(request.url);
  const fail = (errorReason: string): Promise<unknown> => send('Fetch.failRequest', { requestId, errorReason });
  if (resourceType === 'Document' && !mayNavigate(address, frameId)) return void (await fail('Aborted'));
  if (await isCancelled(address)) return void (await fail('BlockedByClient'));
  const handler = handlerOf(request.url);
  if (!handler) return void (await send('Fetch.continueRequest', { requestId }));
  const { method, headers, postData } = request;
  const response = await handler(new Request(address, { method, headers, body: postData }));
  await send('Fetch.fulfillRequest', {
    requestId,
    responseCode: response.status,
    responseHeaders: [...response.headers].map(([name, value]) => ({ name, value })),
    body: Buffer.from(await response.arrayBuffer()).toString('base64'),
  });
}
