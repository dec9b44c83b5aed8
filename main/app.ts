import type { EngineHost } from './engine/host.ts';
import { InProcessHost } from './engine/inprocess.ts';
import { torchStepScript, type Paths } from './paths.ts';
import { BenchmarkService } from './services/benchmarks.ts';
import { DatasetService } from './services/datasets.ts';
import { InferenceService } from './services/inference.ts';
import { MethodService } from './services/methods.ts';
import { ModelService } from './services/models.ts';
import { NoticeHub } from './services/notices.ts';
import { RecordService } from './services/records.ts';
import { RunComposer } from './services/run-composer.ts';
import { RunService } from './services/runs.ts';
import { SystemService } from './services/system.ts';
import { TaskService } from './services/tasks.ts';
import { openStore } from './store/store.ts';

/** What needs no records: it works on a machine on which nothing has been kept yet. */
export interface Workshop {
  paths: Paths;
  engine: EngineHost;
  notices: NoticeHub;
  tasks: TaskService;
  system: SystemService;
  methods: MethodService;
  inference: InferenceService;
  benchmarks: BenchmarkService;
}

/** Everything, with the records open. */
export type Services = Workshop & Awaited<ReturnType<typeof openServices>>;

/** What a door (terminal, desktop, browser) gets. */
export interface App extends Workshop {
  /** Opens the database at the first call. */
  open(): Promise<Services>;
  /** Ends the tasks and closes the database. */
  close(): Promise<void>;
}

export interface AppOptions {
  /** Another engine than the built addon in this process. */
  engine?: EngineHost;
  notices?: NoticeHub;
}

/** Puts paths, records and engine together. */
export function createApp(
  paths: Paths,
  { engine = new InProcessHost(paths.addon), notices = new NoticeHub() }: AppOptions = {},
): App {
  const datasets = new DatasetService(paths.cache);
  const workshop: Workshop = {
    paths,
    engine,
    notices,
    tasks: new TaskService(notices),
    system: new SystemService(engine, paths.home),
    methods: new MethodService(engine),
    inference: new InferenceService(engine, datasets),
    benchmarks: new BenchmarkService(engine, torchStepScript),
  };
  let opened: Promise<Services> | undefined;
  return {
    ...workshop,
    open: () => (opened ??= openServices(workshop, datasets).then((services) => ({ ...workshop, ...services }))),
    async close() {
      workshop.tasks.cancelAll();
      notices.flush();
      if (opened) (await opened).store.close();
      opened = undefined;
    },
  };
}

async function openServices({ paths, engine, methods }: Workshop, datasets: DatasetService) {
  const store = await openStore(paths.database);
  const models = new ModelService(engine, store.runs);
  const composer = new RunComposer(methods, models, datasets);
  const runs = new RunService(engine, composer, store);
  return { store, models, datasets, composer, runs, records: new RecordService(store) };
}
