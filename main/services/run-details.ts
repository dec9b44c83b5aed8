import { existsSync } from 'node:fs';
import type { RunDetails } from '../../preload/contract/runs.ts';
import type { RunRecord } from '../store/runs.ts';
import type { Store } from '../store/store.ts';
import { folderBytes } from './folder-size.ts';
import type { RecordService } from './records.ts';
import { savedOf } from './run-results.ts';
import type { RunSummaries } from './run-summaries.ts';

/** A run with everything that is known of it. */
export class RunDetailService {
  readonly #store: Store;
  readonly #records: RecordService;
  readonly #summaries: RunSummaries;

  constructor(store: Store, records: RecordService, summaries: RunSummaries) {
    this.#store = store;
    this.#records = records;
    this.#summaries = summaries;
  }

  /** Throws E_RUN. */
  async get(id: string): Promise<RunDetails> {
    const record = this.#records.find(id);
    const [summary] = await this.#summaries.of([record]);
    // A run that is over has no events to come, even where it was ended before its last step.
    const over = record.state === 'finished' || record.state === 'stopped';
    return {
      ...summary!,
      config: record.config,
      plan: record.plan,
      memory: record.memory,
      checkpoints: await this.#checkpoints(record),
      comingEvents: over
        ? []
        : (record.plan?.events ?? []).map(({ step }) => step).filter((step) => step >= summary!.step),
      result: record.result,
      dataHash: record.dataHash,
      engine: record.engine,
      diskBytes: await folderBytes(record.output),
      output: record.output,
      children: this.#store.runs
        .childrenOf(record.id)
        .map(({ id: run, name, parentStep: step }) => ({ run, name, step })),
      ...savedOf(record),
    };
  }

  #checkpoints({ id }: RunRecord): Promise<RunDetails['checkpoints']> {
    const all = this.#store.checkpoints.list(id).map(async ({ step, hash, path: folder }) => {
      const there = existsSync(folder);
      return { step, hash, bytes: await folderBytes(folder), there };
    });
    return Promise.all(all);
  }
}
