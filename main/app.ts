import type { EngineHost } from './engine/host.ts';
import { InProcessHost } from './engine/inprocess.ts';
import { torchStepScript, type Paths } from './paths.ts';
import { BenchmarkService } from './services/benchmarks.ts';
import { DatasetService } from './services/datasets.ts';
import { InferenceService } from './services/inference.ts';
import { MethodService } from './services/methods.ts';
import { ModelService } from './services/models.ts';
import { RecordService } from './services/records.ts';
import { RunComposer } from './services/run-composer.ts';
import { RunService } from './services/runs.ts';
import { SystemService } from './services/system.ts';
import { openStore } from './store/store.ts';

/** Everything that a door (terminal, desktop, browser) can reach. */
export interface App {
  paths: Paths;
  system: SystemService;
  methods: MethodService;
  inference: InferenceService;
  benchmarks: BenchmarkService;
  /** Services that keep records; the database is opened at the first use. */
  records(): Promise<{ runs: RunService; records: RecordService }>;
  close(): Promise<void>;
}

/** Puts paths, records and engine together. `engine` is given where it is another one than the built addon. */
export function createApp(paths: Paths, engine: EngineHost = new InProcessHost(paths.addon)): App {
  const methods = new MethodService(engine);
  const datasets = new DatasetService(paths.cache);
  const open = async () => {
    const store = await openStore(paths.database);
    const composer = new RunComposer(methods, new ModelService(engine, store.runs), datasets);
    return { store, runs: new RunService(engine, composer, store), records: new RecordService(store) };
  };
  let opened: ReturnType<typeof open> | undefined;
  return {
    paths,
    system: new SystemService(engine, paths.home),
    methods,
    inference: new InferenceService(engine, datasets),
    benchmarks: new BenchmarkService(engine, torchStepScript),
    records: () => (opened ??= open()),
    async close() {
      (await opened)?.store.close();
      opened = undefined;
    },
  };
}
