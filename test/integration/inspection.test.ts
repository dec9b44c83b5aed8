import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import type { GenerateJob, Job, JobResults, LogitsComparison } from '../../main/engine/host.ts';
import { InProcessHost } from '../../main/engine/inprocess.ts';
import { readSafetensorsHeader } from '../../main/formats/safetensors.ts';
import { resolvePaths } from '../../main/paths.ts';
import type { EngineEvent, TokenEvent } from '../../preload/contract/events.ts';
import { engineLogits, fixtures, inTemporaryFolder, readTrajectory } from './oracle_engine.ts';

const host = new InProcessHost(resolvePaths().addon);
const LORA = path.join(fixtures, 'lora/all-linear');
const MODEL = path.join(fixtures, readTrajectory('lora/all-linear').model);
const ADAPTER = path.join(LORA, 'adapter');
const TOKENS = path.join(LORA, 'tokens.safetensors');
const IDS = [
  [5, 9, 2, 11, 7, 3],
  [1, 4, 8],
];

interface Heard<J extends Job> {
  result: JobResults[J['kind']];
  events: EngineEvent[];
}

async function run<J extends Job>(job: J): Promise<Heard<J>> {
  const events: EngineEvent[] = [];
  const result = await host.start(job, (event) => events.push(event)).result;
  return { result, events };
}

const generation = (more: Partial<GenerateJob> = {}): GenerateJob => ({
  kind: 'generate',
  model: MODEL,
  adapter: ADAPTER,
  ids: IDS[0]!,
  maxTokens: 4,
  temperature: 1.5,
  topP: 0.9,
  seed: 3,
  precision: 'f32',
  storage: 'dense',
  eosIds: [],
  ...more,
});

describe('probabilities of tokens', () => {
  it('are the softmax of the logits, whatever temperature and top-p', async () => {
    const { result, events } = await run(generation({ probabilities: true }));
    const tokens = events as TokenEvent[];
    expect(tokens.map(({ id }) => id)).toEqual(result.ids);
    for (const { id, probability, alternatives } of tokens) {
      expect(alternatives).toHaveLength(5);
      const listed = alternatives!.map((each) => each.probability);
      expect(listed).toEqual([...listed].sort((a, b) => b - a));
      expect(listed.reduce((sum, each) => sum + each)).toBeLessThanOrEqual(1);
      expect(probability).toBeLessThanOrEqual(listed[0]!);
      const itself = alternatives!.find((each) => each.id === id);
      if (itself) expect(itself.probability).toBe(probability);
    }
    const { values, shape } = await engineLogits(MODEL, ADAPTER, TOKENS);
    const length = readSafetensorsHeader(TOKENS).get('input_ids')!.shape[1]!;
    const last = Array.from(values.subarray((length - 1) * shape[1]!, length * shape[1]!));
    const all = Math.log(last.reduce((sum, logit) => sum + Math.exp(logit), 0));
    const sequence = new Int32Array(
      Uint8Array.from(readFileSync(TOKENS).subarray(readSafetensorsHeader(TOKENS).get('input_ids')!.begin)).buffer,
    );
    const next = await run(generation({ ids: [...sequence.subarray(0, length)], maxTokens: 1, probabilities: true }));
    const [first] = next.events as TokenEvent[];
    expect(first!.probability).toBeCloseTo(Math.exp(last[first!.id]! - all), 5);
  });

  it('are not told unless asked for', async () => {
    const { events } = await run(generation());
    expect(events.every((event) => Object.keys(event).length === 2)).toBe(true);
  });
});

describe('the scale of an adapter', () => {
  const compare = async (
    other: { model: string; adapter?: string },
    adapterScale?: number,
  ): Promise<LogitsComparison> => {
    const job = {
      kind: 'logits-compare' as const,
      model: MODEL,
      adapter: ADAPTER,
      other: other.model,
      precision: 'f32' as const,
      storage: 'dense',
      ids: IDS,
    };
    return (await run(adapterScale === undefined ? job : { ...job, adapterScale })).result;
  };

  it('is one where none is given, and zero leaves the base', async () => {
    expect((await compare({ model: MODEL }, 0)).maxDifference).toBe(0);
    const full = await compare({ model: MODEL });
    expect(full.maxDifference).toBeGreaterThan(0.1);
    expect(await compare({ model: MODEL }, 1)).toEqual(full);
    expect((await compare({ model: MODEL }, 0.5)).maxDifference).toBeLessThan(full.maxDifference);
  });

  it.each([1, 0.5, -1])('%d: a merge at that scale has the logits of model and adapter', (adapterScale) =>
    inTemporaryFolder(async (folder) => {
      const output = path.join(folder, 'merged');
      const merge = { kind: 'merge' as const, model: MODEL, adapter: ADAPTER, adapterScale, output };
      await run({ ...merge, dtype: 'float32' });
      const same = await compare({ model: output }, adapterScale);
      expect(same.maxDifference).toBeLessThan(1e-4);
      expect(same).toMatchObject({ agreement: 1, positions: 9, tokens: 7 });
      expect(same.otherLoss).toBeCloseTo(same.loss, 5);
      const other = await compare({ model: output }, adapterScale + 0.25);
      expect(other.maxDifference).toBeGreaterThan(same.maxDifference * 10);
      expect(other.otherLoss).toBe(same.otherLoss);
    }),
  );

  it('counts in an evaluation', async () => {
    const evaluation = { kind: 'eval' as const, model: MODEL, tokens: TOKENS, precision: 'f32' as const };
    const of = async (adapter: string | null, adapterScale: number): Promise<number> =>
      (await run({ ...evaluation, adapter, adapterScale, storage: 'dense', threads: 0, memoryBudget: 0 })).result.loss;
    expect(await of(ADAPTER, 0)).toBe(await of(null, 1));
    expect(await of(ADAPTER, 1)).not.toBe(await of(ADAPTER, 0.5));
  });
});

describe('the comparison of logits', () => {
  const job = {
    kind: 'logits-compare' as const,
    model: MODEL,
    adapter: ADAPTER,
    other: MODEL,
    precision: 'f32' as const,
    storage: 'dense',
  };

  it('has the losses that an evaluation of the tokens has', async () => {
    const { result } = await run({ ...job, tokens: TOKENS });
    const evaluation = { kind: 'eval' as const, model: MODEL, tokens: TOKENS, precision: 'f32' as const };
    for (const [adapter, loss] of [
      [ADAPTER, result.loss],
      [null, result.otherLoss],
    ] as const) {
      const told = await run({ ...evaluation, adapter, storage: 'dense', threads: 0, memoryBudget: 0 });
      expect(loss).toBeCloseTo(told.result.loss, 5);
      expect(result.tokens).toBe(told.result.tokens);
    }
    expect(result.perplexity).toBeCloseTo(Math.exp(result.loss), 10);
    expect(result.meanDifference).toBeLessThan(result.maxDifference);
    expect(result.agreement).toBeLessThan(1);
  });

  it.each([
    ['no prediction', { ids: [[3], []] }, 'E_JOB'],
    ['a token outside the vocabulary', { ids: [[3, 99999]] }, 'E_PROMPT'],
    ['a budget that the logits alone exceed', { ids: IDS, memoryBudget: 100 }, 'E_JOB'],
  ])('refuses %s', (_what, more, code) => expect(run({ ...job, ...more })).rejects.toMatchObject({ code }));
});
