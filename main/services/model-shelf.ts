import { folderStamp } from '../formats/folder-stamp.ts';
import type { ModelRecord, ModelRepository } from '../store/models.ts';
import { readModelFacts } from './model-facts.ts';
import { hashModel } from './model-hash.ts';
import { Shelf } from './shelf.ts';
import type { Progress } from './tasks.ts';

/** The records of models with weights. */
export class ModelShelf extends Shelf<ModelRecord> {
  readonly #models: ModelRepository;
  readonly #hashes = new Map<string, Promise<string>>();

  constructor(models: ModelRepository) {
    super(models, {
      noun: 'model',
      renew: renewed,
      fromRun: ({ id, name, endedAt }, folder) => {
        const record = { id, name, origin: 'run' as const, path: folder, run: id, hash: null, addedAt: endedAt };
        return { ...record, stamp: folderStamp(folder), facts: readModelFacts(folder) };
      },
    });
    this.#models = models;
  }

  /** Of config and weights, computed once and kept while the files stay the same. Progress in bytes is told to who asks first. */
  hashOf(record: ModelRecord, progress?: Progress, signal?: AbortSignal): Promise<string> {
    if (record.hash !== null) return Promise.resolve(record.hash);
    const key = `${record.id}\n${record.stamp}`;
    const running =
      this.#hashes.get(key) ?? this.#computeHash(record, progress, signal).finally(() => this.#hashes.delete(key));
    this.#hashes.set(key, running);
    return running;
  }

  async #computeHash(record: ModelRecord, progress?: Progress, signal?: AbortSignal): Promise<string> {
    const hash = await hashModel(record.path, progress, signal);
    const now = this.#models.get(record.id);
    if (now?.stamp === record.stamp) this.#models.put({ ...now, hash });
    return hash;
  }
}

// A record without facts is a new one and knows its hash; otherwise the files are no longer those that were hashed.
function renewed(record: ModelRecord): ModelRecord {
  const isNew = (record as Partial<ModelRecord>).facts === undefined;
  return { ...record, facts: readModelFacts(record.path), hash: isNew ? record.hash : null };
}
