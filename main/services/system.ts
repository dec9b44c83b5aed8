import { readFileSync } from 'node:fs';
import { availableParallelism, freemem, totalmem } from 'node:os';
import { reportOf } from '../../preload/contract/errors.ts';
import type { SelftestReport, SystemInfo } from '../../preload/contract/system.ts';
import type { EngineHost, EngineInfo } from '../engine/host.ts';
import type { Desk } from './desk.ts';
import { doJob } from './engine-job.ts';
import type { FileService } from './files.ts';
import { memoryBudget } from './machine.ts';
import type { NoticeHub } from './notices.ts';

export interface Doctor extends EngineInfo {
  freeBytes: number;
  /** What a run may use unless it says otherwise. */
  budgetBytes: number;
  node: string;
  home: string;
  selftest?: SelftestReport;
}

export interface SystemParts {
  engine: EngineHost;
  notices: NoticeHub;
  desk: Desk;
  files: FileService;
  home: string;
  /** Of the program. */
  version: string;
}

/** The machine as the engine sees it, and the program on it. */
export class SystemService {
  readonly #parts: SystemParts;
  #engineState: SystemInfo['engine'] = { up: true, reason: '' };

  constructor(parts: SystemParts) {
    this.#parts = parts;
    parts.notices.subscribe((notice) => {
      if (notice.topic === 'engine') this.#engineState = { up: notice.up, reason: notice.reason };
    });
  }

  /** @param budgetBytes what a run may use unless it says otherwise */
  async doctor({ selftest = false, budgetBytes = memoryBudget() } = {}): Promise<Doctor> {
    const info = await this.#parts.engine.info();
    const report: Doctor = {
      ...info,
      freeBytes: freemem(),
      budgetBytes,
      node: process.version,
      home: this.#parts.home,
    };
    if (selftest) report.selftest = await this.selftest();
    return report;
  }

  /** Also where the engine cannot be reached: then it says why. */
  async info(budgetBytes: number): Promise<SystemInfo> {
    const { engine, desk, files, home, version } = this.#parts;
    const { info, state } = await engine.info().then(
      (found) => ({ info: found, state: this.#engineState }),
      (error: unknown) => ({ info: UNKNOWN, state: { up: false, reason: reportOf(error).message } }),
    );
    return {
      version,
      engineVersion: info.engineVersion,
      isa: info.isa,
      cores: info.cores || availableParallelism(),
      memoryBytes: info.memoryBytes || totalmem(),
      freeBytes: freemem(),
      ownBytes: process.memoryUsage.rss() + residentBytes(engine.pid),
      budgetBytes,
      backends: info.backends,
      platform: `${process.platform} ${process.arch}`,
      ...desk.versions,
      node: process.version,
      home: files.readable(home),
      engine: state,
    };
  }

  /** Every operation of every backend against its reference. Cancelled, it rejects where the engine can still stop. */
  async selftest(signal = new AbortController().signal): Promise<SelftestReport> {
    return doJob(this.#parts.engine, { kind: 'selftest' }, () => undefined, signal);
  }
}

const UNKNOWN: EngineInfo = { engineVersion: '', compiler: '', isa: '', cores: 0, memoryBytes: 0, backends: [] };

/** Of another process; 0 where the system does not tell. */
function residentBytes(pid: number | undefined): number {
  if (pid === undefined) return 0;
  try {
    const kilobytes = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
    return Number(kilobytes ?? 0) * 1024;
  } catch {
    return 0;
  }
}
