import path from 'node:path';
import type { EngineHost } from '../engine/host.ts';
import type { RunRecord } from '../store/runs.ts';
import type { Store } from '../store/store.ts';
import { AdapterImport } from './adapter-import.ts';
import { AdapterLibrary } from './adapter-library.ts';
import { AdapterShelf } from './adapter-shelf.ts';
import { BakeService } from './bake.ts';
import type { Desk } from './desk.ts';
import { ExportLog } from './export-log.ts';
import type { FileService } from './files.ts';
import type { FoldersInUse } from './folders-in-use.ts';
import type { GgufExport } from './gguf-export.ts';
import type { GgufImport } from './gguf-import.ts';
import { GgufModels } from './gguf-models.ts';
import { HubConnections } from './hub-connection.ts';
import { HubLibrary } from './hub-library.ts';
import { HubToken } from './hub-token.ts';
import type { InferenceService } from './inference.ts';
import { type DatasetPlace, KnownPlaces } from './known-places.ts';
import type { MethodService } from './methods.ts';
import { ModelExports } from './model-exports.ts';
import { ModelLibrary } from './model-library.ts';
import { ModelPlanner } from './model-planner.ts';
import { ModelShelf } from './model-shelf.ts';
import type { NoticeHub } from './notices.ts';
import { Places } from './places.ts';
import { Playground } from './playground.ts';
import type { RecordService } from './records.ts';
import { type Rediscover, RescanService } from './rescan.ts';
import type { SettingsService } from './settings.ts';
import { StorageService } from './storage.ts';
import type { TaskService } from './tasks.ts';

export interface LibraryParts {
  paths: { home: string; database: string; cache: string; uploads: string; library: string };
  engine: EngineHost;
  notices: NoticeHub;
  desk: Desk;
  tasks: TaskService;
  files: FileService;
  methods: MethodService;
  inference: InferenceService;
  gguf: GgufExport;
  ggufImport: GgufImport;
  inUse: FoldersInUse;
  store: Store;
  settings: SettingsService;
  records: RecordService;
  /** Where a dataset's file lies. Throws for an id that is none. */
  dataset: (id: string) => string;
  knownDatasets: KnownPlaces<DatasetPlace>;
  /** What finds runs and datasets again whose records are lost. */
  rediscover: { runs: Rediscover; datasets: Rediscover };
}

/** The services of models and adapters, on their folders below the home folder. */
export function openLibrary(parts: LibraryParts) {
  const { paths, engine, notices, tasks, files, methods, inference, inUse, store, settings, records } = parts;
  const folders = { models: path.join(paths.home, 'models'), adapters: path.join(paths.home, 'adapters') };
  const neededBy = (folder: string): string | undefined => store.runs.list().find((run) => needs(run, folder))?.name;
  const known = KnownPlaces.models(paths.library);
  const planner = new ModelPlanner(engine, methods, settings);
  const models = new ModelShelf(store.models);
  const adapters = new AdapterShelf(store.adapters, store.models, store.runs);
  const imports = new AdapterImport(adapters, models, planner, folders.adapters);
  const modelLibrary = new ModelLibrary({
    shelf: models,
    adapters: store.adapters,
    merges: store.merges,
    known,
    planner,
    methods,
    files,
    notices,
    tasks,
    inUse,
    folder: folders.models,
    neededBy,
  });
  const adapterLibrary = new AdapterLibrary({
    shelf: adapters,
    models,
    imports,
    engine,
    files,
    notices,
    inUse,
    neededBy,
  });
  const downloads = path.join(paths.home, 'downloads');
  const hubConnections = new HubConnections({
    settings: () => settings.get(),
    token: new HubToken(path.join(paths.home, 'hub-token.json'), parts.desk.keyStore),
  });
  const hub = new HubLibrary({
    planner,
    library: modelLibrary,
    connections: hubConnections,
    folders: { models: folders.models, downloads },
    changed: () => notices.publish({ topic: 'changed', noun: 'downloads' }),
  });
  return {
    modelLibrary,
    ggufModels: new GgufModels({ ggufImport: parts.ggufImport, library: modelLibrary, settings, files }),
    modelExports: new ModelExports({
      gguf: parts.gguf,
      models,
      settings,
      notices,
      log: new ExportLog(path.join(paths.home, 'exports')),
    }),
    planner,
    hub,
    hubConnections,
    adapterLibrary,
    bake: new BakeService(engine, adapterLibrary, models, modelLibrary, settings, inUse, folders.models),
    playground: new Playground(inference, models, adapterLibrary, settings, notices),
    places: new Places({ home: paths.home, records, models, adapters, dataset: parts.dataset }),
    storage: new StorageService(store, { ...paths, ...folders, downloads, runs: path.join(paths.home, 'runs') }, hub),
    rescan: new RescanService({
      ...parts.rediscover,
      store,
      models,
      modelLibrary,
      adapters,
      imports,
      known,
      knownDatasets: parts.knownDatasets,
      notices,
      folders,
    }),
  };
}

/** Whether a run that has not ended yet begins with a model's or an adapter's folder. */
function needs({ state, config }: RunRecord, folder: string): boolean {
  if (state === 'finished' || state === 'stopped') return false;
  return config.model.path === folder || Object.values(config.method).includes(folder);
}
