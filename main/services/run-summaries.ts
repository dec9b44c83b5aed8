import path from 'node:path';
import type { Run } from '../../preload/contract/run-file.ts';
import type { RunSummary } from '../../preload/contract/runs.ts';
import type { RunRecord } from '../store/runs.ts';
import type { Store } from '../store/store.ts';
import type { MethodService } from './methods.ts';
import type { RecordService } from './records.ts';

/** What only the one who trains a run knows of it. */
export type LiveState = Pick<RunSummary, 'asked' | 'timeLeft' | 'preparing'>;

interface Figure {
  step: number;
  last: number | null;
  least: number | null;
}

const SPARK_POINTS = 48;
const AT_REST: LiveState = { asked: null, timeLeft: null, preparing: null };

/** Runs as lists and cards show them. */
export class RunSummaries {
  readonly #store: Store;
  readonly #records: RecordService;
  readonly #methods: MethodService;
  #live: (id: string) => LiveState | undefined = () => undefined;
  #titles: Map<string, string> | undefined;
  /** Curves as they were last drawn, by run: they stay as they are until the loss goes on. */
  readonly #sparks = new Map<string, { loss: Figure; spark: number[] }>();

  constructor(store: Store, records: RecordService, methods: MethodService) {
    this.#store = store;
    this.#records = records;
    this.#methods = methods;
  }

  /** @param live what is known of a run that trains; undefined for one that does not */
  watch(live: (id: string) => LiveState | undefined): void {
    this.#live = live;
  }

  /** Newest first. @param project null for all */
  async list(project: string | null = null): Promise<RunSummary[]> {
    return this.of(this.#records.list(project));
  }

  /** Throws E_RUN. */
  async one(id: string): Promise<RunSummary> {
    return (await this.of([this.#records.find(id)]))[0]!;
  }

  async of(records: readonly RunRecord[]): Promise<RunSummary[]> {
    this.#titles ??= await this.#titlesOfMethods();
    const figures = this.#figures(records.map(({ id }) => id));
    return records.map((record) => this.#summary(record, figures.get(record.id) ?? new Map<string, Figure>()));
  }

  // Lists stand without titles where the engine cannot be asked.
  async #titlesOfMethods(): Promise<Map<string, string> | undefined> {
    try {
      return new Map((await this.#methods.registry()).methods.map(({ name, title }) => [name, title]));
    } catch {
      return undefined;
    }
  }

  #figures(ids: readonly string[]): Map<string, Map<string, Figure>> {
    const figures = new Map<string, Map<string, Figure>>();
    for (const { run, key, ...figure } of this.#store.metrics.figures(ids)) {
      let own = figures.get(run);
      if (!own) figures.set(run, (own = new Map<string, Figure>()));
      own.set(key, figure);
    }
    return figures;
  }

  #summary(record: RunRecord, figures: Map<string, Figure>): RunSummary {
    const { config, result } = record;
    const last = (key: string): number | null => figures.get(key)?.last ?? null;
    const loss = figures.get('loss');
    const seconds = last('seconds') ?? result?.seconds ?? 0;
    const tokens = last('tokens');
    return {
      id: record.id,
      name: record.name,
      project: record.project,
      state: record.state,
      ...(this.#live(record.id) ?? AT_REST),
      method: record.method,
      methodTitle: this.#titles?.get(record.method) ?? record.method,
      model: this.#modelName(config),
      data: this.#store.datasets.atPath(config.data.train)?.name ?? path.basename(config.data.train),
      createdAt: record.createdAt,
      endedAt: record.endedAt,
      step: Math.max(loss ? loss.step + 1 : 0, record.parentStep ?? 0),
      steps: config.training.steps,
      loss: loss?.last ?? null,
      evalLoss: last('evalLoss') ?? result?.evalLoss ?? null,
      bestEvalLoss: figures.get('evalLoss')?.least ?? result?.evalLoss ?? null,
      // Of a run that is over, over all of it: its last step says little.
      tokensPerSecond: record.state !== 'running' && tokens && seconds ? tokens / seconds : last('tokensPerSecond'),
      seconds,
      planBytes: record.plan?.planBytes ?? null,
      peakBytes: result?.peakBytes ?? last('peakBytes'),
      pinned: record.pinned,
      tags: record.tags,
      note: record.note,
      parent: record.parent === null ? null : { run: record.parent, step: record.parentStep },
      reproduces: record.reproduces,
      parameterHash: result?.parameterHash ?? null,
      spark: loss ? this.#spark(record.id, loss) : [],
      error: record.error,
    };
  }

  #spark(id: string, loss: Figure): number[] {
    const known = this.#sparks.get(id);
    if (known?.loss.step === loss.step && known.loss.last === loss.last) return known.spark;
    const { minimum, maximum } = this.#store.metrics.buckets(id, 'loss', null, null, SPARK_POINTS);
    const spark = [...minimum].map((low, index) => (low + maximum[index]!) / 2).filter((value) => !Number.isNaN(value));
    this.#sparks.set(id, { loss, spark });
    return spark;
  }

  #modelName({ model }: Run): string {
    if (model.preset !== undefined) return model.preset;
    const folder = model.path ?? '';
    return (
      this.#store.models.atPath(folder)?.name ??
      (path.basename(folder) === 'model' ? this.#store.runs.byOutput(path.dirname(folder))?.name : undefined) ??
      path.basename(folder)
    );
  }
}
