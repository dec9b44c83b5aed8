import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it, test } from 'vitest';
import { readSafetensorsHeader } from '../../main/formats/safetensors.ts';
import { fixtureFolders, fixtures, largestRelativeError, readFloats, start } from './oracle_engine.ts';

describe('norms of an adapter', () => {
  test.each(fixtureFolders('lora', 'adapter_config.json'))('%s: those of the dense products', async (folder) => {
    const adapter = path.join(fixtures, folder);
    const config = JSON.parse(readFileSync(path.join(adapter, 'adapter_config.json'), 'utf8')) as PeftConfig;
    const { layers } = await start({ kind: 'norms', adapter });
    const expected = denseNorms(adapter, config);
    expect(new Set(layers.map(({ name }) => name))).toEqual(new Set(expected.keys()));
    const norms = layers.map(({ norm }) => norm);
    expect(
      largestRelativeError(
        norms,
        layers.map(({ name }) => expected.get(name)!),
      ),
    ).toBeLessThan(1e-5);
  });

  it('refuses a folder that is no adapter', () =>
    expect(start({ kind: 'norms', adapter: fixtures })).rejects.toMatchObject({ code: 'E_READ' }));
});

interface PeftConfig {
  r: number;
  lora_alpha: number;
  use_rslora: boolean;
  rank_pattern: Record<string, number>;
  alpha_pattern: Record<string, number>;
}

function denseNorms(adapter: string, config: PeftConfig): Map<string, number> {
  const file = path.join(adapter, 'adapter_model.safetensors');
  const norms = new Map<string, number>();
  for (const name of readSafetensorsHeader(file).keys()) {
    if (!name.endsWith('.lora_A.weight')) continue;
    const layer = name.slice('base_model.model.'.length, -'.lora_A.weight'.length);
    const a = readFloats(file, name);
    const b = readFloats(file, name.replace('lora_A', 'lora_B'));
    const of = (pattern: Record<string, number>, usual: number): number =>
      Object.entries(pattern).find(([key]) => layer === key || layer.endsWith(`.${key}`))?.[1] ?? usual;
    const rank = of(config.rank_pattern, config.r);
    const scale = of(config.alpha_pattern, config.lora_alpha) / (config.use_rslora ? Math.sqrt(rank) : rank);
    const [inputs, outputs] = [a.shape[1]!, b.shape[0]!];
    let squared = 0;
    for (let row = 0; row < outputs; row++) {
      for (let column = 0; column < inputs; column++) {
        let entry = 0;
        for (let k = 0; k < rank; k++) entry += b.values[row * rank + k]! * a.values[k * inputs + column]!;
        squared += (scale * entry) ** 2;
      }
    }
    norms.set(layer, Math.sqrt(squared));
  }
  return norms;
}
