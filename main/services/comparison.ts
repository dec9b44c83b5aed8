import type { RunComparison } from '../../preload/contract/runs.ts';
import type { EngineHost } from '../engine/host.ts';
import type { RunRecord } from '../store/runs.ts';
import type { RecordService } from './records.ts';
import { adapterOf } from './run-results.ts';
import { settingsOf } from './run-settings.ts';
import type { RunSummaries } from './run-summaries.ts';

/** Puts runs side by side: settings, memory, data, what their adapters add. */
export class ComparisonService {
  readonly #engine: EngineHost;
  readonly #records: RecordService;
  readonly #summaries: RunSummaries;

  constructor(engine: EngineHost, records: RecordService, summaries: RunSummaries) {
    this.#engine = engine;
    this.#records = records;
    this.#summaries = summaries;
  }

  /** Throws E_RUN. */
  async compare(ids: readonly string[]): Promise<RunComparison> {
    const runs = ids.map((id) => this.#records.find(id));
    const adapterNorms: RunComparison['adapterNorms'] = [];
    for (const run of runs) adapterNorms.push(await this.#normsOf(run));
    return {
      runs: await this.#summaries.of(runs),
      settings: settingsOf(runs),
      plans: runs.map(({ plan }) => plan),
      peaks: runs.map(({ memory }) => memory && { peakBytes: memory.peakBytes, byCategory: memory.byCategory }),
      data: runs.map(({ dataHash, config: { data } }) => ({
        dataHash,
        source: data.train,
        template: data.template,
        sequenceLength: data.sequenceLength,
      })),
      adapterNorms,
    };
  }

  // A comparison stands without the norms of an adapter that cannot be read any more.
  async #normsOf(run: RunRecord): Promise<{ layer: string; norm: number }[] | null> {
    const adapter = adapterOf(run);
    if (!adapter) return null;
    try {
      const { layers } = await this.#engine.start({ kind: 'norms', adapter }).result;
      return layers.map(({ name, norm }) => ({ layer: name, norm }));
    } catch {
      return null;
    }
  }
}
