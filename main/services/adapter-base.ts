import path from 'node:path';
import type { AdapterRecord } from '../store/adapters.ts';
import type { ModelRecord } from '../store/models.ts';

type Origin = Pick<AdapterRecord, 'basePath' | 'baseHash'>;

/**
 * The model of the library that an adapter was made for: of the same content (of several, the one of the same place first), or where
 * no content is known, of the same place.
 */
export function baseOf({ basePath, baseHash }: Origin, models: readonly ModelRecord[]): ModelRecord | undefined {
  const atPlace = models.find((model) => model.path === basePath);
  if (atPlace && (baseHash === null || atPlace.hash === null || atPlace.hash === baseHash)) return atPlace;
  return baseHash === null ? undefined : models.find((model) => model.hash === baseHash);
}

/** Whether the place of an adapter's base holds another model now. */
export function baseHasChanged(origin: Origin, models: readonly ModelRecord[]): boolean {
  const atPlace = models.find((model) => model.path === origin.basePath);
  return atPlace !== undefined && baseOf(origin, models) === undefined;
}

/**
 * Models that an adapter's config may mean by its base: at that path, or of that name whatever stands before it ("org/name").
 * @param folder of the adapter, from which a relative path is meant
 */
export function candidatesOf(base: string, folder: string, models: readonly ModelRecord[]): ModelRecord[] {
  const atPlace = models.filter((model) => model.path === path.resolve(folder, base));
  if (atPlace.length > 0) return atPlace;
  const wanted = shortName(base);
  return models.filter((model) => [model.name, model.path].some((each) => shortName(each) === wanted));
}

/** "Llama-3.2-1B" of "meta-llama/Llama-3.2-1B" or a path; in lower case. */
const shortName = (name: string): string => (name.split(/[\\/]/).filter(Boolean).at(-1) ?? '').toLowerCase();
