import path from 'node:path';
import type { EngineHost } from './engine/host.ts';
import { InProcessHost } from './engine/inprocess.ts';
import { migrations, torchStepScript, type Paths } from './paths.ts';
import { BenchmarkService } from './services/benchmarks.ts';
import { BudgetSolver } from './services/budget.ts';
import { DatasetService } from './services/datasets.ts';
import { type Desk, noDesk } from './services/desk.ts';
import { FileService } from './services/files.ts';
import { InferenceService } from './services/inference.ts';
import { MethodService } from './services/methods.ts';
import { ModelService } from './services/models.ts';
import { NoticeHub } from './services/notices.ts';
import { ProjectService } from './services/projects.ts';
import { QueueGate } from './services/queue-gate.ts';
import { QueueService } from './services/queue.ts';
import { RecordService } from './services/records.ts';
import { RunComposer } from './services/run-composer.ts';
import { RunDataService } from './services/run-data.ts';
import { RunDetailService } from './services/run-details.ts';
import { RunLauncher } from './services/run-launcher.ts';
import { RunManager } from './services/run-manager.ts';
import { RunSummaries } from './services/run-summaries.ts';
import { RunService } from './services/runs.ts';
import { SettingsService } from './services/settings.ts';
import { SystemService } from './services/system.ts';
import { TokenizerService } from './services/tokenizers.ts';
import { TaskService } from './services/tasks.ts';
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
  const datasets = new DatasetService(paths.cache);
  const workshop: Workshop = {
    paths,
    engine,
    notices,
    desk,
    tasks: new TaskService(notices),
    files: new FileService(),
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
      const services = await opened;
      await services?.manager.close();
      notices.flush();
      services?.store.close();
      opened = undefined;
    },
  };
}

async function openServices({ paths, engine, methods, notices }: Workshop, datasets: DatasetService) {
  const store = await openStore(paths.database, migrations);
  const settings = new SettingsService(store.settings, notices);
  const models = new ModelService(engine, store.runs, store.models);
  const composer = new RunComposer(methods, models, new RunDataService(datasets, new TokenizerService(paths.cache)));
  const runs = new RunService(engine, composer, store, notices);
  const records = new RecordService(store);
  const summaries = new RunSummaries(store, records, methods);
  const details = new RunDetailService(store, records, summaries);
  const gate = new QueueGate(store.queue, paths.home);
  const manager = new RunManager({ store, runs, records, summaries, notices, gate });
  const queue = new QueueService(store, manager, gate, notices);
  const launcher = new RunLauncher({
    store,
    runs,
    records,
    manager,
    solver: new BudgetSolver(methods),
    folder: path.join(paths.home, 'runs'),
  });
  const projects = new ProjectService(store, records, summaries, notices);
  return {
    store,
    settings,
    models,
    datasets,
    composer,
    runs,
    records,
    summaries,
    details,
    manager,
    queue,
    launcher,
    projects,
  };
}
