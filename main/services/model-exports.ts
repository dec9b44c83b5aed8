import { existsSync } from 'node:fs';
import path from 'node:path';
import type { GgufPlan, GgufReceipt, GgufType, KeptExport } from '../../preload/contract/exports.ts';
import type { ExportLog } from './export-log.ts';
import type { GgufExport, GgufRequest } from './gguf-export.ts';
import type { ModelShelf } from './model-shelf.ts';
import type { NoticeHub } from './notices.ts';
import type { SettingsService } from './settings.ts';
import type { Progress } from './tasks.ts';

export interface ModelExportsParts {
  gguf: GgufExport;
  models: ModelShelf;
  settings: SettingsService;
  notices: NoticeHub;
  log: ExportLog;
}

/** Models of the library as files for other programs, and the receipts of those files. */
export class ModelExports {
  readonly #parts: ModelExportsParts;

  constructor(parts: ModelExportsParts) {
    this.#parts = parts;
  }

  plan(id: string, type: GgufType): Promise<GgufPlan> {
    return this.#parts.gguf.plan(this.#request(id, type));
  }

  /** Writes into a folder, under a name that nothing there has yet. */
  async write(
    id: string,
    type: GgufType,
    folder: string,
    progress: Progress,
    signal: AbortSignal,
  ): Promise<{ path: string; receipt: GgufReceipt }> {
    const { gguf, notices, log } = this.#parts;
    const request = this.#request(id, type);
    const file = freeFile(path.join(folder, gguf.fileName(request)));
    const receipt = await gguf.write(request, file, progress, signal);
    log.put(id, { path: file, receipt });
    notices.publish({ topic: 'changed', noun: 'models' });
    return { path: file, receipt };
  }

  /** Newest first. @param readable a path as people read it */
  of(id: string, readable: (file: string) => string): KeptExport[] {
    return this.#parts.log
      .of(id)
      .map(({ path: file, receipt }) => ({ path: readable(file), there: existsSync(file), receipt }));
  }

  forget(id: string): void {
    this.#parts.log.forget(id);
  }

  #request(id: string, type: GgufType): GgufRequest {
    const { models, settings } = this.#parts;
    const { path: model, name } = models.usable(id);
    return {
      model,
      name,
      adapter: null,
      type,
      threads: settings.threads(),
      memoryBudget: settings.budgetBytes(),
    };
  }
}

function freeFile(wanted: string): string {
  for (let count = 1; ; count++) {
    const file = count === 1 ? wanted : wanted.replace(/\.gguf$/, `-${count}.gguf`);
    if (!existsSync(file)) return file;
  }
}
