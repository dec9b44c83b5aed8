import path from 'node:path';
import { RankwiseError } from '../../preload/contract/errors.ts';
import type { ConfigFacts } from '../../preload/contract/hub.ts';
import type { ModelPreset } from '../../preload/contract/methods.ts';
import { readChatTemplate } from '../formats/chat-template-file.ts';
import { readLicence } from '../formats/licence.ts';
import { type ModelFolder, readModelFolder } from '../formats/model-folder.ts';
import { measureWeights } from '../formats/weight-files.ts';
import type { ModelFacts } from '../store/models.ts';

/** What a model folder's files say; no weights are read but their headers. Throws E_MODEL where there are none, and what the readers throw. */
export function readModelFacts(folder: string): ModelFacts {
  const read = readModelFolder(folder);
  const { weights, tokenizer } = read;
  if (weights.length === 0) {
    throw new RankwiseError(
      'E_MODEL',
      `${folder} has no *.safetensors weights.`,
      'Finish the download; for a new model without weights take one of the architectures.',
    );
  }
  return {
    ...configFacts(read),
    ...measureWeights(weights.map((name) => path.join(folder, name))),
    tokenizer: tokenizer !== null,
    chatTemplate: readChatTemplate(folder) !== null,
    licence: readLicence(folder),
  };
}

/** What the config.json of a folder without weights says. Throws what the readers throw. */
export const readConfigFacts = (folder: string): ConfigFacts => configFacts(readModelFolder(folder));

function configFacts({ architecture, vocabSize, config }: ModelFolder): ConfigFacts {
  const number = (key: string, fallback = 0): number => (typeof config[key] === 'number' ? config[key] : fallback);
  const heads = number('num_attention_heads');
  return {
    architecture,
    vocabSize,
    layers: number('num_hidden_layers'),
    hiddenSize: number('hidden_size'),
    contextLength: number('max_position_embeddings'),
    heads,
    keyValueHeads: number('num_key_value_heads', heads),
    intermediateSize: number('intermediate_size'),
  };
}

/** The facts of an architecture without weights: a Llama with a head of its own and as many key-value heads as heads. */
export function presetFacts(preset: ModelPreset): ModelFacts {
  const { vocabSize, hiddenSize, intermediateSize, layers, heads, maxPositions } = preset;
  const block = 4 * hiddenSize ** 2 + 3 * hiddenSize * intermediateSize + 2 * hiddenSize;
  return {
    architecture: 'llama',
    parameters: 2 * vocabSize * hiddenSize + layers * block + hiddenSize,
    dtype: 'none',
    bytes: 0,
    vocabSize,
    layers,
    hiddenSize,
    contextLength: maxPositions,
    tokenizer: false,
    chatTemplate: false,
    licence: null,
    heads,
    keyValueHeads: heads,
    intermediateSize,
  };
}
