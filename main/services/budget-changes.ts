import type { Method } from '../../preload/contract/methods.ts';
import type { Run } from '../../preload/contract/run-file.ts';

/** Settings of a run file, as far as a change writes them. */
export type Edit = {
  method?: Record<string, unknown>;
  storage?: Record<string, unknown>;
  optimizer?: Record<string, unknown>;
  training?: Record<string, unknown>;
  data?: Record<string, unknown>;
};

/** A way to take less memory. */
export interface Change {
  /** In words: “rank 64 → 32”. */
  text: string;
  /** What is given up: from time alone (small) to what the model can learn (large). */
  cost: number;
  edit: Edit;
}

/** Proposes the next change of its kind to a run; null where there is none (left). */
export type Proposal = (run: Run, method: Method) => Change | null;

const SHORTEST_SEQUENCE = 64;
/** Below this, a low-rank term says too little to be worth proposing. */
const SMALLEST_RANK = 4;

const recompute: Proposal = ({ training }) =>
  training.recompute === 'blocks'
    ? null
    : { text: 'activations recomputed', cost: 1, edit: { training: { recompute: 'blocks' } } };

const halveMicroBatch: Proposal = ({ training: { microBatch, gradientAccumulation }, optimizer }) => {
  // The same sequences in a step, in more pieces: half of an odd batch would change what a step is.
  if (microBatch % 2 !== 0 || optimizer.perLayerUpdates) return null;
  return {
    text: `micro-batch ${microBatch} → ${microBatch / 2}, accumulated`,
    cost: 1,
    edit: { training: { microBatch: microBatch / 2, gradientAccumulation: gradientAccumulation * 2 } },
  };
};

const eightBitStates: Proposal = ({ optimizer }) =>
  optimizer.stateBits === 8
    ? null
    : { text: `optimizer states ${optimizer.stateBits} → 8 bit`, cost: 2, edit: { optimizer: { stateBits: 8 } } };

const perLayer: Proposal = ({ optimizer, training }) =>
  optimizer.perLayerUpdates || training.gradientAccumulation > 1
    ? null
    : {
        text: training.clipNorm === null ? 'updates layer by layer' : 'updates layer by layer, gradients not clipped',
        cost: 3,
        edit: { optimizer: { perLayerUpdates: true }, training: { clipNorm: null } },
      };

const bfloat16: Proposal = ({ training }) =>
  training.precision === 'bf16'
    ? null
    : { text: 'computed in bfloat16', cost: 3, edit: { training: { precision: 'bf16' } } };

const fourBitWeights: Proposal = ({ storage }, { storages }) =>
  storage.weights === 'nf4' || !storages.includes('nf4')
    ? null
    : { text: 'weights in 4 bits', cost: 4, edit: { storage: { weights: 'nf4' } } };

const doubleQuantize: Proposal = ({ storage }) =>
  storage.weights !== 'nf4' || storage.doubleQuantize
    ? null
    : { text: 'scales of the 4-bit weights quantized too', cost: 2, edit: { storage: { doubleQuantize: true } } };

const noMasterWeights: Proposal = ({ training }) =>
  training.precision !== 'bf16' || !training.masterWeights
    ? null
    : { text: 'no float32 master weights', cost: 6, edit: { training: { masterWeights: false } } };

const halveRank: Proposal = ({ method }, { parameters }) => {
  const parameter = parameters.find(({ name, type }) => name === 'rank' && type === 'integer');
  const rank = method.rank;
  if (!parameter || typeof rank !== 'number') return null;
  const half = Math.floor(rank / 2);
  if (half < Math.max(parameter.minimum ?? 1, SMALLEST_RANK)) return null;
  return { text: `rank ${rank} → ${half}`, cost: 5, edit: { method: { rank: half } } };
};

const halveSequence: Proposal = ({ data }) => {
  const half = Math.floor(data.sequenceLength / 2);
  if (data.format === 'tokens' || half < SHORTEST_SEQUENCE) return null;
  return {
    text: `sequences ${data.sequenceLength} → ${half} tokens`,
    cost: 10,
    edit: { data: { sequenceLength: half } },
  };
};

const DEAR: Proposal[] = [bfloat16, fourBitWeights, halveRank, halveRank, noMasterWeights];
const LAST: Proposal[] = [halveRank, halveSequence, halveSequence, halveSequence];

/**
 * Proposals in the order of what they give up. Updating layer by layer and accumulating exclude each other: there is an order with
 * each. What may be proposed several times stands there several times.
 */
export const ORDERS: readonly (readonly Proposal[])[] = [
  [recompute, ...Array.from({ length: 10 }, () => halveMicroBatch), doubleQuantize, eightBitStates, ...DEAR, ...LAST],
  [recompute, doubleQuantize, eightBitStates, perLayer, ...DEAR, ...LAST],
];

/** The file with a change made; works on run files and on runs alike. */
export function withEdit<F extends object>(file: F, edit: Edit): F {
  const changed = { ...file } as Record<string, unknown>;
  for (const [section, values] of Object.entries(edit))
    changed[section] = { ...(changed[section] as object | undefined), ...values };
  return changed as F;
}
