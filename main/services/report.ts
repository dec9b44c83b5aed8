import type { EngineHost } from '../engine/host.ts';
import type { Store } from '../store/store.ts';
import type { RecordService } from './records.ts';
import { ownSecrets, redacted, redactedValue } from './redaction.ts';
import { bytes, duration, figure } from '../../preload/contract/figures.ts';

const NEWEST_EVENTS = 200;
const LAST_STEPS = 10;

/** Everything about a run that helps somebody else to understand what went wrong, and nothing about its user. */
export class ReportService {
  readonly #store: Store;
  readonly #records: RecordService;
  readonly #engine: EngineHost;
  readonly #home: string;
  readonly #version: string;

  /** @param version of the program */
  constructor(store: Store, records: RecordService, engine: EngineHost, home: string, version: string) {
    this.#store = store;
    this.#records = records;
    this.#engine = engine;
    this.#home = home;
    this.#version = version;
  }

  /** As text. Throws E_RUN. */
  async report(id: string): Promise<string> {
    const run = this.#records.find(id);
    const secrets = ownSecrets(this.#home);
    const info = await this.#engine.info();
    const sections: [string, string[]][] = [
      [
        'Versions',
        [
          `rankwise ${this.#version}, engine ${info.engineVersion} (${info.isa}, ${info.cores} cores, ${bytes(info.memoryBytes)})`,
          `run by engine ${run.engine || 'none yet'}`,
          `node ${process.version}, ${process.platform} ${process.arch}`,
        ],
      ],
      [
        'Run',
        [
          `${run.id}: ${run.state}`,
          ...(run.error ? [`${run.error.code}: ${run.error.message} ${run.error.hint}`.trimEnd()] : []),
          `data ${run.dataHash || 'not read yet'}`,
          ...(run.result
            ? [
                `steps ${run.result.steps}, final loss ${figure(run.result.finalLoss)}, ${duration(run.result.seconds ?? NaN)}`,
                `parameters ${run.result.parameterHash}`,
              ]
            : []),
        ],
      ],
      ['Memory', memoryLines(run)],
      ['Settings', JSON.stringify(redactedValue(run.config, secrets), null, 2).split('\n')],
      [`Last steps`, this.#lastSteps(run.id)],
      ['Events', this.#events(run.id)],
    ];
    const text = sections
      .map(([title, lines]) => `${title}\n${lines.map((line) => `  ${line}`).join('\n')}`)
      .join('\n\n');
    return `${redacted(text, secrets)}\n`;
  }

  #lastSteps(run: string): string[] {
    return this.#store.metrics
      .series(run, 'loss')
      .slice(-LAST_STEPS)
      .map(({ step, value }) => `step ${step}: loss ${figure(value)}`);
  }

  #events(run: string): string[] {
    return this.#store.events
      .list(run)
      .slice(-NEWEST_EVENTS)
      .map(({ step, kind, at, body }) => {
        const when = at === null ? '' : `${new Date(at).toISOString()} `;
        const { code, message, hint } = body;
        const words = [code, message, hint].filter((each) => typeof each === 'string' && each !== '').join(' ');
        return `${when}${step === null ? '' : `step ${step} `}${kind}${words ? `: ${words}` : ''}`;
      });
  }
}

function memoryLines({ plan, memory }: ReturnType<RecordService['find']>): string[] {
  if (!plan) return ['not planned'];
  const categories = Object.entries(plan.byCategory).map(([name, size]) => `${name} ${bytes(size)}`);
  return [
    `planned ${bytes(plan.planBytes)} of ${bytes(plan.budgetBytes)}: ${categories.join(', ')}`,
    ...(memory ? [`peak ${bytes(memory.peakBytes)} by step ${memory.step}`] : []),
  ];
}
