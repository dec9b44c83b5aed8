import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { fixtureFolders, fixtures, start } from './oracle_engine.ts';

describe('the most likely tokens are those of transformers without a cache', () => {
  test.each(fixtureFolders('logits', 'generated.json'))('%s', async (folder) => {
    const expected = JSON.parse(readFileSync(path.join(fixtures, folder, 'generated.json'), 'utf8')) as {
      prompt: number[];
      ids: number[];
    };
    const { ids } = await start({
      kind: 'generate',
      model: path.join(fixtures, folder, 'model'),
      adapter: null,
      ids: expected.prompt,
      maxTokens: expected.ids.length,
      temperature: 0,
      topP: 1,
      seed: 1,
      precision: 'f32',
      storage: 'dense',
      eosIds: [],
    });
    expect(ids).toEqual(expected.ids);
  });
});
