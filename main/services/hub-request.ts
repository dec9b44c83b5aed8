import { RankwiseError } from '../../preload/contract/errors.ts';
import { type Alarm, causeOf, PassingFailure, unlessIdle } from './hub-failure.ts';

const MOST_REDIRECTS = 5;

export interface HubAccess {
  /** Address without a slash at its end. */
  endpoint: string;
  token: string | null;
  offline: boolean;
  /** What a user can do: to give a token, and to come online again. */
  cures: { token: string; online: string };
  fetch: typeof fetch;
  alarm: Alarm;
}

export interface HubRequest {
  headers?: Record<string, string>;
  signal: AbortSignal;
}

/**
 * Gets an address of a hub, redirects followed by hand: the token goes to the hub's own origin and nowhere else, and never unencrypted
 * over a network. Resolves to an answer with status 200 or 206. Throws E_OFFLINE, E_GATED, E_HUB, E_NETWORK.
 * @param subject what is asked for, for sentences
 */
export async function getFromHub(
  access: HubAccess,
  address: string,
  subject: string,
  { headers = {}, signal }: HubRequest,
): Promise<Response> {
  if (access.offline) {
    throw new RankwiseError(
      'E_OFFLINE',
      'Rankwise is set to stay offline, so nothing is asked of a hub.',
      access.cures.online,
    );
  }
  const own = new URL(access.endpoint);
  const trusted = own.protocol === 'https:' || ['127.0.0.1', 'localhost', '[::1]'].includes(own.hostname);
  let url = new URL(address);
  for (let redirects = 0; redirects <= MOST_REDIRECTS; redirects += 1) {
    const mayKnow = access.token !== null && trusted && url.origin === own.origin;
    const answer = await reach(access, url, {
      headers: {
        'accept-encoding': 'identity',
        ...headers,
        ...(mayKnow ? { authorization: `Bearer ${access.token}` } : {}),
      },
      redirect: 'manual',
      signal,
    });
    const to = answer.headers.get('location');
    if (answer.status < 300 || answer.status > 399 || to === null) return refused(access, answer, subject);
    await answer.body?.cancel();
    const next = URL.parse(to, url.href);
    if (!next || !(next.protocol === 'https:' || (next.protocol === 'http:' && own.protocol === 'http:')))
      throw new RankwiseError('E_HUB', `${own.host} leads to an address that is not encrypted or none.`);
    url = next;
  }
  throw new RankwiseError('E_HUB', `${own.host} leads in a circle for ${subject}.`);
}

async function reach(access: HubAccess, url: URL, options: RequestInit & { signal: AbortSignal }): Promise<Response> {
  const silence = new AbortController();
  const signal = AbortSignal.any([options.signal, silence.signal]);
  try {
    const answer = access.fetch(url.href, { ...options, signal });
    return await unlessIdle(answer, access.alarm, url.host, () => silence.abort());
  } catch (error) {
    options.signal.throwIfAborted();
    if (error instanceof PassingFailure) throw error;
    throw new PassingFailure(`${url.host} cannot be reached (${causeOf(error)}).`);
  }
}

async function refused(access: HubAccess, answer: Response, subject: string): Promise<Response> {
  const { status, headers } = answer;
  if (status === 200 || status === 206) return answer;
  await answer.body?.cancel();
  const code = headers.get('x-error-code');
  const host = new URL(access.endpoint).host;
  if (status === 429 || status >= 500) {
    const seconds = Number(headers.get('retry-after'));
    throw new PassingFailure(
      `${host} answers ${status} for ${subject}.`,
      seconds > 0 ? Math.min(seconds, 120) * 1000 : null,
    );
  }
  if (status === 404 || code === 'RepoNotFound')
    throw new RankwiseError(
      'E_HUB',
      `${host} has no ${subject}, or does not show it.`,
      `Check its name; for a private one make an access token in your account there, and ${access.cures.token}.`,
    );
  if (status === 401 || status === 403)
    throw new RankwiseError(
      'E_GATED',
      `${host} does not give out ${subject} without permission.`,
      access.token === null
        ? `Accept its terms on its page there, make an access token in your account, and ${access.cures.token}.`
        : 'Accept its terms on its page there with the account of your token, or use a token that may read it.',
    );
  throw new RankwiseError('E_HUB', `${host} answers ${status} for ${subject}.`);
}
