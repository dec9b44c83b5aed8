import path from 'node:path';
import { folderStamp } from '../formats/folder-stamp.ts';
import { readPeftFolder } from '../formats/peft-folder.ts';
import type { AdapterFacts, AdapterRecord, AdapterRepository } from '../store/adapters.ts';
import type { ModelRepository } from '../store/models.ts';
import type { RunRepository } from '../store/runs.ts';
import type { UnlistedRun } from '../store/unlisted-runs.ts';
import { Shelf } from './shelf.ts';

/** The records of adapters. */
export class AdapterShelf extends Shelf<AdapterRecord> {
  constructor(adapters: AdapterRepository, models: ModelRepository, runs: RunRepository) {
    super(adapters, {
      noun: 'adapter',
      renew: (record) => ({ ...record, facts: factsOf(record.path) }),
      fromRun: (run, folder) => fromRun(run, folder, models, runs),
    });
  }
}

function fromRun(
  { id, name, endedAt }: UnlistedRun,
  folder: string,
  models: ModelRepository,
  runs: RunRepository,
): AdapterRecord | undefined {
  const run = runs.find(id);
  if (!run) return undefined;
  const { model, method, data } = run.config;
  const basePath = model.path ?? null;
  const base = basePath === null ? undefined : models.atPath(basePath);
  return {
    id,
    name,
    origin: 'run',
    path: folder,
    run: id,
    stamp: folderStamp(folder),
    facts: factsOf(folder),
    lineage: {
      method: method.name,
      data: path.basename(data.train),
      evalLoss: run.result?.evalLoss ?? null,
      parents: ancestorsOf(run.parent, runs),
    },
    basePath,
    baseName: base?.name ?? model.preset ?? nameOfPlace(basePath ?? ''),
    baseHash: base?.hash ?? null,
    addedAt: endedAt,
  };
}

/** The runs that one descends from, nearest first. */
function ancestorsOf(parent: string | null, runs: RunRepository): { run: string; name: string }[] {
  const line: { run: string; name: string }[] = [];
  for (let id = parent; id !== null && !line.some((each) => each.run === id);) {
    const run = runs.find(id);
    if (!run) break;
    line.push({ run: run.id, name: run.name });
    id = run.parent;
  }
  return line;
}

function factsOf(folder: string): AdapterFacts {
  const { type, rank, alpha, targets, bytes, parameters } = readPeftFolder(folder);
  return { type, rank, alpha, targets, bytes, parameters };
}

// What a run left as OUTPUT/model is known by the run's folder.
function nameOfPlace(place: string): string {
  const name = path.basename(place);
  return name === 'model' ? path.basename(path.dirname(place)) : name;
}
