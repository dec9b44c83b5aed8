import { createHash, randomBytes } from 'node:crypto';

const MOST_CHARACTERS = 40;

/** A name as it may stand in ids and folder names: lower case, digits and dashes. */
export function slugOf(name: string, fallback: string): string {
  const slug = name
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .slice(0, MOST_CHARACTERS)
    .replace(/^-+|-+$/g, '');
  return slug || fallback;
}

/** An id that nobody has had before. */
export const freshId = (name: string, fallback: string): string =>
  `${slugOf(name, fallback)}-${randomBytes(4).toString('hex')}`;

/** The id of what lies at a path: the same whenever it is added again. */
export const idOfPlace = (name: string, place: string, fallback: string): string =>
  `${slugOf(name, fallback)}-${createHash('sha256').update(place).digest('hex').slice(0, 8)}`;
