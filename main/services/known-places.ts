import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { z } from 'zod';
import { COLUMN_ROLES } from '../../preload/contract/datasets.ts';

const modelPlace = z.object({ path: z.string(), name: z.string() });
const datasetPlace = z.object({
  path: z.string(),
  name: z.string(),
  mapping: z.record(z.string(), z.enum(COLUMN_ROLES)),
  template: z.string(),
  trainOn: z.enum(['completions', 'all']),
});
export type ModelPlace = z.infer<typeof modelPlace>;
export type DatasetPlace = z.infer<typeof datasetPlace>;

/**
 * What the user has brought into the library and what stays where it lies, with what was said of it: one section of a file beside
 * the database, with which the library can be rebuilt when the database is lost. What cannot be read counts as not there.
 */
export class KnownPlaces<T extends { path: string }> {
  readonly #file: string;
  readonly #section: string;
  readonly #shape: z.ZodType<T>;

  private constructor(file: string, section: string, shape: z.ZodType<T>) {
    this.#file = file;
    this.#section = section;
    this.#shape = shape;
  }

  static models(file: string): KnownPlaces<ModelPlace> {
    return new KnownPlaces(file, 'models', modelPlace);
  }

  static datasets(file: string): KnownPlaces<DatasetPlace> {
    return new KnownPlaces(file, 'datasets', datasetPlace);
  }

  /** In the order of being added. */
  list(): T[] {
    const section = this.#read()[this.#section];
    return Array.isArray(section)
      ? section.flatMap((each) => {
          const place = this.#shape.safeParse(each);
          return place.success ? [place.data] : [];
        })
      : [];
  }

  /** Adds a place, or replaces what is known of it. */
  put(place: T): void {
    const known = this.list();
    const at = known.findIndex((each) => each.path === place.path);
    this.#write(at < 0 ? [...known, place] : known.with(at, place));
  }

  remove(place: string): void {
    this.#write(this.list().filter((each) => each.path !== place));
  }

  #read(): Record<string, unknown> {
    if (!existsSync(this.#file)) return {};
    try {
      return (JSON.parse(readFileSync(this.#file, 'utf8')) as Record<string, unknown> | null) ?? {};
    } catch {
      return {};
    }
  }

  #write(places: T[]): void {
    mkdirSync(path.dirname(this.#file), { recursive: true });
    const part = `${this.#file}.${process.pid}.part`;
    const sections = { ...this.#read(), version: 1, [this.#section]: places };
    writeFileSync(part, `${JSON.stringify(sections, null, 2)}\n`);
    renameSync(part, this.#file);
  }
}
