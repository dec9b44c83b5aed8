import { RankwiseError } from '../../preload/contract/errors.ts';

const PART = /^[A-Za-z0-9][A-Za-z0-9._-]{0,95}$/;

/** Throws E_HUB for what names no repository: "NAME" or "OWNER/NAME", nothing that could lead elsewhere in an address or a path. */
export function checkRepository(name: string): string {
  const parts = name.split('/');
  if (parts.length <= 2 && parts.every((part) => PART.test(part) && !part.includes('..'))) return name;
  throw new RankwiseError('E_HUB', `“${name.slice(0, 80)}” names no repository.`, 'Write OWNER/NAME, as on its page.');
}

/** Throws E_HUB for what names no branch, tag or commit. */
export function checkRevision(name: string): string {
  if (name.length <= 200 && name.split('/').every((part) => PART.test(part) && !part.includes('..'))) return name;
  throw new RankwiseError('E_HUB', `“${name.slice(0, 80)}” names no revision.`, 'Name a branch, a tag or a commit.');
}

/** Whether a file of a repository lies in its root under a plain name, one that can be a file's name here. */
export const isPlainFile = (name: string): boolean => PART.test(name) && !name.includes('..');

/** Whether a hub may answer there. */
export function isEndpoint(address: string): boolean {
  const url = URL.parse(address);
  return !!url && /^https?:$/.test(url.protocol) && !url.username && !url.password && !url.search && !url.hash;
}

/** The address of a hub without a slash at its end. Throws E_HUB for what is none. */
export function checkEndpoint(address: string): string {
  if (isEndpoint(address)) return address.trim().replace(/\/+$/, '');
  throw new RankwiseError('E_HUB', 'That is no address of a hub.', 'Write it like https://huggingface.co');
}
