import type { ModelPreset } from '../../preload/contract/methods.ts';
import type { ModelCard, ModelSummary } from '../../preload/contract/models.ts';
import type { ModelFacts, ModelRecord } from '../store/models.ts';
import { presetFacts } from './model-facts.ts';
import { PRESET } from './models.ts';
import type { Entry } from './shelf.ts';

export type Shape = Pick<ModelCard, 'heads' | 'keyValueHeads' | 'intermediateSize'>;

/** @param readable makes a path readable */
export function summaryOf({ record, problem }: Entry<ModelRecord>, readable: (path: string) => string): ModelSummary {
  const { id, name, origin, run, addedAt } = record;
  return {
    ...withoutShape(record.facts),
    id,
    name,
    origin,
    path: readable(record.path),
    run,
    addedAt,
    problem,
  };
}

export function presetSummary(preset: ModelPreset): ModelSummary {
  return {
    ...withoutShape(presetFacts(preset)),
    id: `${PRESET}${preset.name}`,
    name: preset.name,
    origin: 'preset',
    path: null,
    run: null,
    addedAt: 0,
    problem: null,
  };
}

export function presetCard(preset: ModelPreset): ModelCard {
  return {
    ...presetSummary(preset),
    ...shapeOf(presetFacts(preset)),
    hash: null,
    files: [],
    template: null,
    readme: null,
    otherTokenizer: null,
    source: null,
    unpacked: null,
    adapters: [],
    baked: null,
  };
}

export function shapeOf({ heads, keyValueHeads, intermediateSize }: ModelFacts): Shape {
  return { heads, keyValueHeads, intermediateSize };
}

function withoutShape(facts: ModelFacts): Omit<ModelFacts, keyof Shape> {
  const { heads: _heads, keyValueHeads: _keyValueHeads, intermediateSize: _intermediateSize, ...rest } = facts;
  return rest;
}
