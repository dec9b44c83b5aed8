import { freemem } from 'node:os';
import type { EngineHost, EngineInfo, JobResults } from '../engine/host.ts';
import { memoryBudget } from './machine.ts';

export interface Doctor extends EngineInfo {
  freeBytes: number;
  /** What a run may use unless it says otherwise. */
  budgetBytes: number;
  node: string;
  home: string;
  selftest?: JobResults['selftest'];
}

/** The machine as the engine sees it. */
export class SystemService {
  readonly #engine: EngineHost;
  readonly #home: string;

  constructor(engine: EngineHost, home: string) {
    this.#engine = engine;
    this.#home = home;
  }

  async doctor({ selftest = false } = {}): Promise<Doctor> {
    const info = await this.#engine.info();
    const report: Doctor = {
      ...info,
      freeBytes: freemem(),
      budgetBytes: memoryBudget(),
      node: process.version,
      home: this.#home,
    };
    if (selftest) report.selftest = await this.#engine.start({ kind: 'selftest' }).result;
    return report;
  }
}
