import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { RankwiseError } from '../../preload/contract/errors.ts';

/**
 * Checks the native files of a package before any of them is loaded. They lie outside its archive, where nothing else protects them.
 * @param folder of the package's resources
 * @param hashes JSON file inside the archive: path below the folder → SHA-256
 * @throws E_PACKAGE for a file that is missing or is not the one that was packed
 */
export function checkSealed(folder: string, hashes: string): void {
  for (const [name, hash] of Object.entries(JSON.parse(readFileSync(hashes, 'utf8')) as Record<string, string>)) {
    if (hashOf(path.join(folder, name)) !== hash) {
      throw new RankwiseError(
        'E_PACKAGE',
        `A part of the program is damaged or was changed: ${name}.`,
        'Install Rankwise again.',
      );
    }
  }
}

function hashOf(file: string): string | undefined {
  try {
    return createHash('sha256').update(readFileSync(file)).digest('hex');
  } catch {
    return undefined;
  }
}
