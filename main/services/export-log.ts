import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { KeptExport } from '../../preload/contract/exports.ts';

/** Of one model so many exports are remembered, the newest. */
const MOST = 50;

interface Kept {
  path: string;
  receipt: KeptExport['receipt'];
}

/** The receipts of what was exported, by the model's id: one file each, so that they outlive the database. */
export class ExportLog {
  readonly #folder: string;

  constructor(folder: string) {
    this.#folder = folder;
  }

  /** Newest first; what cannot be read counts as not there. */
  of(model: string): Kept[] {
    const file = this.#file(model);
    if (!existsSync(file)) return [];
    try {
      return (JSON.parse(readFileSync(file, 'utf8')) as { exports: Kept[] }).exports;
    } catch {
      return [];
    }
  }

  put(model: string, kept: Kept): void {
    mkdirSync(this.#folder, { recursive: true });
    const file = this.#file(model);
    const part = `${file}.${process.pid}.part`;
    const exports = [kept, ...this.of(model)].slice(0, MOST);
    writeFileSync(part, `${JSON.stringify({ version: 1, exports }, null, 2)}\n`);
    renameSync(part, file);
  }

  forget(model: string): void {
    rmSync(this.#file(model), { force: true });
  }

  #file(model: string): string {
    return path.join(this.#folder, `${encodeURIComponent(model)}.json`);
  }
}
