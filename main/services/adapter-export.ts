import { existsSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { adapterCard, type Described } from '../formats/adapter-card.ts';
import { copyFiles } from '../formats/copy-files.ts';
import { writePassport } from '../formats/passport.ts';
import { ADAPTER_CONFIG, readPeftFolder } from '../formats/peft-folder.ts';
import { ADAPTER_FILES } from './adapter-import.ts';
import type { Progress } from './tasks.ts';

/**
 * Copies a PEFT folder to a place where nothing lies yet, with a model card and its lineage (progress in bytes). Failed or cancelled,
 * nothing is left there.
 * @param licence of the base model
 */
export async function exportAdapter(
  source: string,
  place: string,
  adapter: Described,
  licence: string | null,
  progress: Progress,
  signal: AbortSignal,
): Promise<void> {
  try {
    await copyFiles(source, place, ADAPTER_FILES, progress, signal);
    // Where the base lay on this machine says nothing elsewhere; a name of the Hub does.
    const { config, base: named } = readPeftFolder(place);
    const told = named === null || path.isAbsolute(named) ? adapter.baseName : named;
    const written = { ...config, base_model_name_or_path: told };
    writeFileSync(path.join(place, ADAPTER_CONFIG), `${JSON.stringify(written, null, 2)}\n`);
    const { name, run, method, data, evalLoss, parents, baseName, baseHash } = adapter;
    writePassport(place, { kind: 'adapter', name, run, method, data, evalLoss, parents, baseName, baseHash });
    const readme = path.join(place, 'README.md');
    if (!existsSync(readme)) writeFileSync(readme, adapterCard(adapter, licence));
  } catch (error) {
    rmSync(place, { recursive: true, force: true });
    throw error;
  }
}

/** What can be said of an adapter that the library does not know. */
export function describedByFolder(folder: string, base: string): Described {
  const { type, rank, alpha, targets, parameters } = readPeftFolder(folder);
  const facts = { name: path.basename(folder), type, rank, alpha, targets, parameters, baseName: path.basename(base) };
  return { ...facts, method: null, run: null, data: null, evalLoss: null, parents: [], baseHash: null };
}
