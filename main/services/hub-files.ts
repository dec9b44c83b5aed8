import { RankwiseError } from '../../preload/contract/errors.ts';
import { shardNames } from '../formats/weight-files.ts';
import type { HubFile, HubRevision } from './hub-client.ts';

const SINGLE = 'model.safetensors';
export const INDEX = 'model.safetensors.index.json';
const BESIDE =
  /^(generation_config\.json|tokenizer.*\.json|special_tokens_map\.json|added_tokens\.json|chat_template.*|README\.md|LICEN[SC]E.*)$/;
/** Tokenizers that are not read here: they are fetched where there is no other, so that one that is read can be made of them. */
const OTHER_TOKENIZER =
  /^(tokenizer\.model|spiece\.model|tekken\.json|vocab\.(json|txt)|merges\.txt|tokenizer\.tiktoken)$/;
/** What is text is small; a repository that says otherwise is not believed. */
const MOST_TEXT_BYTES = 100 * 2 ** 20;

/** What of a repository is fetched: config and, where the weights are sharded, their index first, then the rest once the index is read. */
export interface HubChoice {
  first: HubFile[];
  /** @param index the index as a file on the disk, read where the weights are sharded */
  rest: (index: string) => HubFile[];
}

/** Chooses what the engine needs. Throws E_MODEL for what is missing, E_PICKLE where the weights are pickled only. */
export function chooseFiles({ repository, files }: HubRevision): HubChoice {
  const named = new Map(files.map((file) => [file.name, file]));
  const need = (name: string): HubFile => {
    const file = named.get(name);
    if (!file) throw new RankwiseError('E_MODEL', `${repository} has no ${name}.`, 'Choose another repository.');
    return file;
  };
  const config = need('config.json');
  const sharded = !named.has(SINGLE) && named.has(INDEX);
  if (!sharded && !named.has(SINGLE)) refuseWithoutWeights(repository, files);
  const beside = files.filter(
    ({ name }) => BESIDE.test(name) || (OTHER_TOKENIZER.test(name) && !named.has('tokenizer.json')),
  );
  for (const { name, bytes } of [config, ...beside, ...(sharded ? [need(INDEX)] : [])])
    if (bytes > MOST_TEXT_BYTES)
      throw new RankwiseError('E_MODEL', `${name} of ${repository} is too large for what it is.`);
  return {
    first: [config, ...(sharded ? [need(INDEX)] : [])],
    rest: (index) => [...beside, ...(sharded ? shardNames(index) : [SINGLE]).map(need)],
  };
}

function refuseWithoutWeights(repository: string, files: readonly HubFile[]): never {
  const pickled = files.find(({ name }) => /\.(bin|pt|pth|ckpt|pkl)$/i.test(name));
  if (pickled) {
    throw new RankwiseError(
      'E_PICKLE',
      `${repository} has pickled weights only (${pickled.name}), which can run any program when they are opened.`,
      'Look for a version of the model with safetensors.',
    );
  }
  throw new RankwiseError('E_MODEL', `${repository} has no ${SINGLE}.`, 'Choose one with safetensors weights.');
}
