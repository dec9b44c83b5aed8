import path from 'node:path';
import { Linter } from 'eslint';
import { describe, expect, it } from 'vitest';
import { importDirection } from '../../scripts/eslint/import-direction.js';

const cwd = path.resolve(import.meta.dirname, '../..');

function complaints(from: string, imported: string): string[] {
  const linter = new Linter({ cwd });
  const config = {
    plugins: { rankwise: { rules: { direction: importDirection } } },
    rules: { 'rankwise/direction': 'error' },
  } as Linter.Config;
  return linter
    .verify(`import x from '${imported}'; x;`, { ...config, files: ['**/*.ts'] }, path.join(cwd, from))
    .map(({ message }) => message);
}

describe('imports point downward', () => {
  it.each([
    ['main/services/runs.ts', '../store/runs.ts'],
    ['main/services/runs.ts', '../../preload/contract/events.ts'],
    ['main/cli/commands/train.ts', '../../services/runs.ts'],
    ['main/store/runs.ts', 'better-sqlite3'],
    ['renderer/src/main.ts', '../../preload/contract/events.ts'],
  ])('%s may import %s', (from, imported) => expect(complaints(from, imported)).toEqual([]));

  it.each([
    ['main/store/runs.ts', '../services/runs.ts'],
    ['main/data/text.ts', '../store/runs.ts'],
    ['main/services/runs.ts', '../cli/table.ts'],
    ['main/demo/story.ts', '../store/runs.ts'],
    ['preload/contract/events.ts', '../../main/engine/host.ts'],
    ['renderer/src/main.ts', '../../main/services/runs.ts'],
  ])('%s may not import %s', (from, imported) => expect(complaints(from, imported)).toHaveLength(1));
});
