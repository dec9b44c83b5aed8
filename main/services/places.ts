import type { AdapterShelf } from './adapter-shelf.ts';
import type { ModelShelf } from './model-shelf.ts';
import type { RecordService } from './records.ts';

export interface PlacesParts {
  home: string;
  records: RecordService;
  models: ModelShelf;
  adapters: AdapterShelf;
  /** Path of a dataset's file. Throws for an id that is none. */
  dataset: (id: string) => string;
}

/** Where the things of the library lie on the disk. */
export class Places {
  readonly #parts: PlacesParts;

  constructor(parts: PlacesParts) {
    this.#parts = parts;
  }

  /** Throws what its library throws for an id that is none. @param id of no meaning for the home folder */
  of(kind: 'run' | 'model' | 'adapter' | 'dataset' | 'home', id: string): string {
    switch (kind) {
      case 'run':
        return this.#parts.records.find(id).output;
      case 'model':
        return this.#parts.models.get(id).record.path;
      case 'adapter':
        return this.#parts.adapters.get(id).record.path;
      case 'dataset':
        return this.#parts.dataset(id);
      case 'home':
        return this.#parts.home;
    }
  }
}
