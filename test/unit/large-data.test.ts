import { execFileSync } from 'node:child_process';
import { closeSync, mkdtempSync, openSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';

/** 200 MB in `npm run test:full`. */
const ROWS = Number(process.env.RANKWISE_FUZZ_RUNS ?? 0) >= 100_000 ? 200_000 : 8_000;
const folder = mkdtempSync(path.join(tmpdir(), 'rankwise-large-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('a large file', () => {
  it('is read in under 500 MB of memory', () => {
    const file = path.join(folder, 'large.jsonl');
    const handle = openSync(file, 'w');
    for (let i = 0; i < ROWS; i++) {
      const words = `row ${i} `.repeat(50);
      writeSync(handle, `${JSON.stringify({ prompt: words, completion: words })}\n`);
    }
    closeSync(handle);
    const survey = path.resolve(import.meta.dirname, '../../main/services/dataset-survey.ts');
    const source = path.resolve(import.meta.dirname, '../../main/data/source.ts');
    const program = `
      const { surveySource } = await import(${JSON.stringify(survey)});
      const { openSource } = await import(${JSON.stringify(source)});
      const { found } = await surveySource(openSource(${JSON.stringify(file)}), null);
      console.log(JSON.stringify({ rows: found.rows, kilobytes: process.resourceUsage().maxRSS }));`;
    const told = execFileSync(process.execPath, ['--input-type=module', '-e', program], { encoding: 'utf8' });
    const { rows, kilobytes } = JSON.parse(told) as { rows: number; kilobytes: number };
    expect(rows).toBe(ROWS);
    expect(kilobytes).toBeLessThan(500_000);
  });
});
