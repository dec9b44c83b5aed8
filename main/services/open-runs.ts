import path from 'node:path';
import type { EngineHost } from '../engine/host.ts';
import type { Store } from '../store/store.ts';
import { AnswerService } from './answers.ts';
import { BudgetSolver } from './budget.ts';
import { ComparisonService } from './comparison.ts';
import type { FoldersInUse } from './folders-in-use.ts';
import type { InferenceService } from './inference.ts';
import type { MethodService } from './methods.ts';
import type { NoticeHub } from './notices.ts';
import { ProjectService } from './projects.ts';
import { QueueGate } from './queue-gate.ts';
import { QueueService } from './queue.ts';
import { RecordService } from './records.ts';
import { ReportService } from './report.ts';
import type { RunComposer } from './run-composer.ts';
import { RunDetailService } from './run-details.ts';
import { RunFolders } from './run-folders.ts';
import { RunLauncher } from './run-launcher.ts';
import { RunManager } from './run-manager.ts';
import { RunRegister } from './run-register.ts';
import { RunRescan } from './run-rescan.ts';
import { RunSummaries } from './run-summaries.ts';
import { RunService } from './runs.ts';
import { SampleService } from './sample.ts';
import type { SettingsService } from './settings.ts';
import { ShareService } from './share/share.ts';
import type { TaskService } from './tasks.ts';

export interface RunsParts {
  store: Store;
  engine: EngineHost;
  notices: NoticeHub;
  tasks: TaskService;
  methods: MethodService;
  inference: InferenceService;
  inUse: FoldersInUse;
  composer: RunComposer;
  settings: SettingsService;
  /** Folder of the program: runs, records, caches. */
  home: string;
  /** Of the program. */
  version: string;
  /** Folder of the texts that come with the program. */
  bundled: string;
}

/** The services of runs and projects. Where the database is new, the records are made from what stands in the runs' folders. */
export async function openRuns({
  store,
  engine,
  notices,
  tasks,
  methods,
  inference,
  inUse,
  composer,
  settings,
  ...parts
}: RunsParts) {
  const { home, version, bundled } = parts;
  const folder = path.join(home, 'runs');
  const folders = new RunFolders(folder, path.join(home, 'run-folders.txt'));
  const runRescan = new RunRescan(store, folders);
  const recovered = store.fresh ? { damaged: store.damaged, ...(await runRescan.rescan()) } : null;
  const register = new RunRegister(store, engine);
  const runs = new RunService({ engine, composer, store, notices, tasks, folders, register });
  const records = new RecordService(store, inUse);
  const summaries = new RunSummaries(store, records, methods);
  const gate = new QueueGate(store.queue, home);
  const manager = new RunManager({ store, runs, records, summaries, notices, gate });
  const solver = new BudgetSolver(methods);
  const launcher = new RunLauncher({ store, runs, register, records, manager, solver, settings, folder });
  const projects = new ProjectService(store, records, summaries, notices, folder);
  const comparison = new ComparisonService(engine, records, summaries);
  return {
    runs,
    records,
    summaries,
    details: new RunDetailService(store, records, summaries),
    manager,
    queue: new QueueService(store, manager, gate, notices),
    launcher,
    projects,
    comparison,
    answers: new AnswerService(inference, records, tasks, notices),
    share: new ShareService(comparison, store.metrics, home),
    report: new ReportService(store, records, engine, home, version),
    sample: new SampleService({ projects, records, launcher, manager, bundled, folder: path.join(home, 'sample') }),
    runRescan,
    /** What was made anew from the files when the program started; null where nothing had to be. */
    recovered: recovered && (recovered.damaged !== null || recovered.runs > 0) ? recovered : null,
  };
}
