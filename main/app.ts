import type { EngineHost } from './engine/host.ts';
import { InProcessHost } from './engine/inprocess.ts';
import { bundledTexts, dataWorkerEntry, migrations, programVersion, torchStepScript, type Paths } from './paths.ts';
import { BenchmarkService } from './services/benchmarks.ts';
import { DataWorkers } from './services/data-workers.ts';
import { DatasetLibrary } from './services/dataset-library.ts';
import { DatasetViews } from './services/dataset-views.ts';
import { DatasetService } from './services/datasets.ts';
import { type Desk, noDesk } from './services/desk.ts';
import { FileService } from './services/files.ts';
import { FoldersInUse } from './services/folders-in-use.ts';
import { GgufExport } from './services/gguf-export.ts';
import { GgufImport } from './services/gguf-import.ts';
import { InferenceService } from './services/inference.ts';
import { KnownPlaces } from './services/known-places.ts';
import { openLibrary } from './services/open-library.ts';
import { MethodService } from './services/methods.ts';
import { ModelService } from './services/models.ts';
import { NoticeHub } from './services/notices.ts';
import { openRuns } from './services/open-runs.ts';
import { RunComposer } from './services/run-composer.ts';
import { RunDataService } from './services/run-data.ts';
import { SettingsService } from './services/settings.ts';
import { SystemService } from './services/system.ts';
import { TaskService } from './services/tasks.ts';
import { TemplateSamples } from './services/template-samples.ts';
import { openStore } from './store/store.ts';

/** What needs no records: it works on a machine on which nothing has been kept yet. */
export interface Workshop {
  paths: Paths;
  engine: EngineHost;
  notices: NoticeHub;
  desk: Desk;
  tasks: TaskService;
  files: FileService;
  system: SystemService;
  methods: MethodService;
  inference: InferenceService;
  gguf: GgufExport;
  ggufImport: GgufImport;
  inUse: FoldersInUse;
  benchmarks: BenchmarkService;
}

/** Everything, with the records open. */
export type Services = Workshop & Awaited<ReturnType<typeof openServices>>;

/** What a door (terminal, desktop, browser) gets. */
export interface App extends Workshop {
  /** Opens the database at the first call. */
  open(): Promise<Services>;
  /** Ends the tasks, pauses what trains and closes the database. */
  close(): Promise<void>;
}

export interface AppOptions {
  /** Another engine than the built addon in this process. */
  engine?: EngineHost;
  notices?: NoticeHub;
  /** Dialogs and the like, where the door has them. */
  desk?: Desk;
}

/** Puts paths, records and engine together. */
export function createApp(
  paths: Paths,
  { engine = new InProcessHost(paths.addon), notices = new NoticeHub(), desk = noDesk }: AppOptions = {},
): App {
  const workers = new DataWorkers(dataWorkerEntry);
  const files = new FileService();
  const inUse = new FoldersInUse();
  const workshop: Workshop = {
    paths,
    engine,
    notices,
    desk,
    tasks: new TaskService(notices),
    files,
    system: new SystemService({ engine, notices, desk, files, home: paths.home, version: programVersion }),
    methods: new MethodService(engine),
    inference: new InferenceService(engine, new DatasetService(paths.cache), inUse),
    gguf: new GgufExport(engine, inUse),
    ggufImport: new GgufImport(engine, inUse),
    inUse,
    benchmarks: new BenchmarkService(engine, torchStepScript),
  };
  let opened: Promise<Services> | undefined;
  return {
    ...workshop,
    open: () => (opened ??= openServices(workshop, workers).then((services) => ({ ...workshop, ...services }))),
    async close() {
      workshop.tasks.cancelAll();
      const services = await opened;
      await services?.manager.close();
      await workers.close();
      notices.flush();
      services?.store.close();
      opened = undefined;
    },
  };
}

async function openServices(workshop: Workshop, workers: DataWorkers) {
  const { paths, engine, notices, tasks, methods, inference, inUse } = workshop;
  const store = await openStore(paths.database, migrations);
  const settings = new SettingsService(store.settings, notices);
  const models = new ModelService(engine, store.runs, store.models);
  const knownDatasets = KnownPlaces.datasets(paths.library);
  const datasetLibrary = new DatasetLibrary({
    datasets: store.datasets,
    known: knownDatasets,
    files: workshop.files,
    tasks,
    notices,
    workers,
  });
  const datasetViews = new DatasetViews({ library: datasetLibrary, models, tasks, workers });
  const templateSamples = new TemplateSamples(workers, models);
  const composer = new RunComposer(
    methods,
    models,
    new RunDataService(workers, paths.cache, (id) => datasetLibrary.find(id)),
  );
  const ofRuns = await openRuns({
    store,
    engine,
    notices,
    tasks,
    methods,
    inference,
    inUse,
    composer,
    settings,
    home: paths.home,
    version: programVersion,
    bundled: bundledTexts,
  });
  const { records, runRescan } = ofRuns;
  const library = openLibrary({
    ...workshop,
    store,
    settings,
    records,
    dataset: (id) => datasetLibrary.record(id).path,
    knownDatasets,
    rediscover: {
      runs: (signal) => runRescan.rescan(undefined, signal).then(({ runs: found, problems }) => ({ found, problems })),
      datasets: () => datasetLibrary.rediscover(paths.cache),
    },
  });
  return { store, settings, models, templateSamples, datasetLibrary, datasetViews, composer, ...ofRuns, ...library };
}
