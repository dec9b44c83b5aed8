import { CheckpointRepository } from './checkpoints.ts';
import { MetricRepository } from './metrics.ts';
import { openDatabase } from './open.ts';
import { RunEventRepository } from './run-events.ts';
import { RunRepository } from './runs.ts';

/** The records: one repository per noun over one database. */
export interface Store {
  runs: RunRepository;
  metrics: MetricRepository;
  events: RunEventRepository;
  checkpoints: CheckpointRepository;
  close(): void;
}

/** @param file path of the database, or ":memory:" */
export async function openStore(file: string): Promise<Store> {
  const database = await openDatabase(file);
  const metrics = new MetricRepository(database);
  return {
    runs: new RunRepository(database),
    metrics,
    events: new RunEventRepository(database),
    checkpoints: new CheckpointRepository(database),
    close() {
      metrics.flush();
      database.close();
    },
  };
}
