import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Run } from '../../preload/contract/run-file.ts';
import { openStore, type Store } from '../store/store.ts';
import type { MethodService } from './methods.ts';
import { RecordService } from './records.ts';
import { RunSummaries } from './run-summaries.ts';

/** What a chart's width in pixels asks for. */
const CHART_POINTS = 1200;
const ROWS = 50_000;
const RUNS = 500;
const STEPS_OF_A_RUN = 300;
const LONG_RUNS = 10;
const STEPS_OF_A_LONG_RUN = 100_000;
const KEYS = ['loss', 'learningRate', 'gradientNorm', 'tokensPerSecond', 'tokens', 'seconds'];
const ROUNDS = 5;

/** Milliseconds, the median of several rounds where a thing can be done again. */
export interface StoreFigures {
  /** 50,000 rows of metrics, with their pyramids, in batches as a run writes them. */
  storeRowsMs: number;
  /** Runs as the list of the screens shows them, 500 of them. */
  listRunsMs: number;
  /** Ten series of 100,000 steps, whole. */
  wholeSeriesMs: number;
  /** The same, a tenth of their length. */
  zoomedSeriesMs: number;
  /** Taking back the second half of a run of 100,000 steps. */
  dropMs: number;
}

/** Measures the records in a database of its own, which is gone afterwards. */
export async function measureStore(methods: MethodService, migrations: string): Promise<StoreFigures> {
  const folder = mkdtempSync(path.join(tmpdir(), 'rankwise-store-'));
  const store = await openStore(path.join(folder, 'rankwise.db'), migrations);
  try {
    store.projects.insert({ id: 'p', name: 'P', createdAt: 0 });
    const config = await sampleConfig(methods);
    for (let index = 0; index < RUNS; index++) addRun(store, config, `short-${index}`, STEPS_OF_A_RUN, index, KEYS);
    addRun(store, config, 'rows', 0, RUNS);
    const storeRowsMs = timed(() => write(store, 'rows', Math.ceil(ROWS / KEYS.length), KEYS));
    const long = Array.from({ length: LONG_RUNS }, (_, index) => `long-${index}`);
    for (const [index, id] of long.entries()) addRun(store, config, id, STEPS_OF_A_LONG_RUN, RUNS + 1 + index);
    const summaries = new RunSummaries(store, new RecordService(store), methods);
    await summaries.list();
    const listed: number[] = [];
    for (let round = 0; round < ROUNDS; round++) {
      const begun = performance.now();
      await summaries.list();
      listed.push(performance.now() - begun);
    }
    const chart = (from: number | null, to: number | null): number =>
      median(
        Array.from({ length: ROUNDS }, () =>
          timed(() => long.forEach((id) => store.metrics.buckets(id, 'loss', from, to, CHART_POINTS))),
        ),
      );
    return {
      storeRowsMs,
      listRunsMs: median(listed),
      wholeSeriesMs: chart(null, null),
      zoomedSeriesMs: chart(STEPS_OF_A_LONG_RUN * 0.4, STEPS_OF_A_LONG_RUN * 0.5),
      dropMs: timed(() => store.metrics.dropAfter(long[0]!, STEPS_OF_A_LONG_RUN / 2, [])),
    };
  } finally {
    store.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

async function sampleConfig(methods: MethodService): Promise<Run> {
  const { methods: all } = await methods.registry();
  const config = {
    method: { name: all[0]?.name ?? '' },
    model: { preset: 'm' },
    data: { train: 't' },
    training: { steps: 1 },
  };
  return config as unknown as Run;
}

function addRun(store: Store, config: Run, id: string, steps: number, createdAt: number, keys?: string[]): void {
  store.runs.insert({ id, project: 'p', name: id, state: 'finished', config, output: `/runs/${id}`, createdAt });
  write(store, id, steps, keys);
}

/** A curve that falls and jitters, the same on every run, and beside it what else a run writes at every step. */
function write(store: Store, run: string, steps: number, keys: readonly string[] = ['loss']): void {
  for (let step = 0; step < steps; step++)
    for (const key of keys) store.metrics.add(run, key, step, 3 / Math.sqrt(step + 1) + ((step * 7919) % 101) / 1000);
  store.metrics.flush();
}

function timed(work: () => void): number {
  const begun = performance.now();
  work();
  return performance.now() - begun;
}

const median = (values: number[]): number => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)]!;
