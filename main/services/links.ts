import { RankwiseError } from '../../preload/contract/errors.ts';
import type { Registry } from '../../preload/contract/methods.ts';

/**
 * The address of the paper that a method's citation names first. Throws E_LINK where it names none.
 * @param method by its name in the registry
 */
export function paperOf(method: string, { methods }: Registry): string {
  const citation = methods.find(({ name }) => name === method)?.citation ?? '';
  const paper = /\barXiv:(\d{4}\.\d{4,5})\b/.exec(citation)?.[1];
  if (paper) return `https://arxiv.org/abs/${paper}`;
  throw new RankwiseError('E_LINK', `No address is known for “${method}”.`, citation);
}
