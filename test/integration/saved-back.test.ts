import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { readSafetensorsHeader } from '../../main/formats/safetensors.ts';
import {
  fixtureFolders,
  fixtures,
  inTemporaryFolder,
  readTrajectory,
  start,
  trainTrajectory,
} from './oracle_engine.ts';

type Json = Record<string, unknown>;

const readJson = (...parts: string[]): Json => JSON.parse(readFileSync(path.join(...parts), 'utf8')) as Json;

/** Every tensor of a model folder: its type, shape and bytes. */
function tensorsOf(folder: string): Map<string, string> {
  const tensors = new Map<string, string>();
  for (const file of readdirSync(folder).filter((name) => name.endsWith('.safetensors'))) {
    const bytes = readFileSync(path.join(folder, file));
    for (const [name, { dtype, shape, begin, end }] of readSafetensorsHeader(path.join(folder, file))) {
      tensors.set(name, `${dtype} [${shape.join(', ')}] ${bytes.subarray(begin, end).toString('base64')}`);
    }
  }
  return tensors;
}

// What a family's config leaves to its defaults the engine writes out, and the other way round; what both say must be the same.
const told = [
  'architectures',
  'transformers_version',
  'rope_parameters',
  'rope_scaling',
  'torch_dtype',
  'layer_types',
  'max_window_layers',
];

describe('saved again, a model has the tensors and the config that it came with', () => {
  const folders = fixtureFolders('logits', 'config.json').filter((folder) => !/\/(b?f16)\//.test(folder));
  test.each(folders)('%s', (folder) =>
    inTemporaryFolder(async (parent) => {
      const [model, output] = [path.join(fixtures, folder), path.join(parent, 'saved')];
      await start({ kind: 'merge', model, adapter: null, output, dtype: 'float32' });
      const [before, after] = [tensorsOf(model), tensorsOf(output)];
      expect([...after.keys()].sort()).toEqual([...before.keys()].sort());
      expect([...after].filter(([name, tensor]) => before.get(name) !== tensor).map(([name]) => name)).toEqual([]);
      const [came, left] = [readJson(model, 'config.json'), readJson(output, 'config.json')];
      const shared = Object.keys(came).filter((key) => key in left && !told.includes(key));
      expect(Object.fromEntries(shared.map((key) => [key, left[key]]))).toEqual(
        Object.fromEntries(shared.map((key) => [key, came[key]])),
      );
    }),
  );
});

test('an adapter of fused matrices says their names, ranks and alphas', () =>
  inTemporaryFolder(async (output) => {
    await trainTrajectory('lora/phi3', readTrajectory('lora/phi3'), output);
    const config = readJson(output, 'adapter', 'adapter_config.json');
    const modules = (name: string): string[] => [0, 1].map((layer) => `model.layers.${layer}.${name}`);
    const fused = [...modules('mlp.gate_up_proj'), ...modules('self_attn.qkv_proj')].sort();
    const alone = [...modules('mlp.down_proj'), ...modules('self_attn.o_proj')];
    expect([...(config.target_modules as string[])].sort()).toEqual([...fused, ...alone].sort());
    const ranks = Object.fromEntries(fused.map((name) => [name, name.endsWith('qkv_proj') ? 12 : 8]));
    expect(config).toMatchObject({ r: 4, lora_alpha: 8, rank_pattern: ranks });
    expect(config.alpha_pattern).toEqual(Object.fromEntries(fused.map((name) => [name, 2 * ranks[name]!])));
  }));
