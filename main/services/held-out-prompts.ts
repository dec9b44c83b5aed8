import { loadTokenizer } from '../data/tokenizer.ts';
import { readModelFolder } from '../formats/model-folder.ts';

/** What a model that was written is compared on: prose, instructions, code, figures. */
const PROMPTS = [
  'The harbour lay still in the first light, and only a single boat',
  'Explain in two sentences why the sky is blue, and then why it turns red in the evening.',
  'def mean(values):\n    total = 0\n    for value in values:',
  'In 1969 there were 3 of them; 50 years later there were 1,204, that is',
];
const PROMPT_TOKENS = 48;

/** The prompts in the tokens of a model folder; where it has no tokenizer, ids spread over its vocabulary. */
export function heldOutPrompts(folder: string): number[][] {
  const { tokenizer, vocabSize } = readModelFolder(folder);
  if (tokenizer === null)
    return PROMPTS.map((_, row) => Array.from({ length: 16 }, (_each, at) => (7919 * (16 * row + at + 1)) % vocabSize));
  const encoder = loadTokenizer(tokenizer);
  return PROMPTS.map((prompt) => encoder.encode(prompt).slice(0, PROMPT_TOKENS));
}
