import { AdapterRepository } from './adapters.ts';
import { CheckpointRepository } from './checkpoints.ts';
import { DatasetRepository } from './datasets.ts';
import { MergeRepository } from './merges.ts';
import { MetricRepository } from './metrics.ts';
import { ModelRepository } from './models.ts';
import { openDatabase } from './open.ts';
import { ProjectRepository } from './projects.ts';
import { QueueRepository } from './queue.ts';
import { RunEventRepository } from './run-events.ts';
import { RunRepository } from './runs.ts';
import { SettingRepository } from './settings.ts';

/** The records: one repository per noun over one database. */
export interface Store {
  projects: ProjectRepository;
  runs: RunRepository;
  queue: QueueRepository;
  metrics: MetricRepository;
  events: RunEventRepository;
  checkpoints: CheckpointRepository;
  datasets: DatasetRepository;
  models: ModelRepository;
  adapters: AdapterRepository;
  merges: MergeRepository;
  settings: SettingRepository;
  /** Where a damaged database was put when this one was opened; null where there was none. The records began empty then. */
  damaged: string | null;
  /** There was no database (any more): what is known stands in the files alone. */
  fresh: boolean;
  close(): void;
}

/** @param file path of the database, or ":memory:"  @param migrations their folder */
export async function openStore(file: string, migrations?: string): Promise<Store> {
  const { database, damaged, fresh, close } = await openDatabase(file, migrations);
  const metrics = new MetricRepository(database);
  return {
    projects: new ProjectRepository(database),
    runs: new RunRepository(database),
    queue: new QueueRepository(database),
    metrics,
    events: new RunEventRepository(database),
    checkpoints: new CheckpointRepository(database),
    datasets: new DatasetRepository(database),
    models: new ModelRepository(database),
    adapters: new AdapterRepository(database),
    merges: new MergeRepository(database),
    settings: new SettingRepository(database),
    damaged,
    fresh,
    close() {
      metrics.flush();
      close();
    },
  };
}
