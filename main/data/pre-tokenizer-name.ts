import { RankwiseError } from '../../preload/contract/errors.ts';
import { stepsOf, type TextRule } from './tokenizer-file.ts';

const GPT2 = String.raw`'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+`;
const LLAMA3 = String.raw`(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+`;
const QWEN2 = LLAMA3.replace(String.raw`\p{N}{1,3}`, String.raw`\p{N}`);

/** GGUF files name the rule that cuts words, and every reader has it built in: these are what tokenizer.json says of the same rules. */
const SPLITS: Record<string, string> = { [GPT2]: 'gpt-2', [LLAMA3]: 'llama-bpe', [QWEN2]: 'qwen2' };

/**
 * The name of a byte-level tokenizer's rule for words. A reader that knows it as "llama-bpe" also takes words that are tokens whole
 * before it merges. Throws E_TOKENIZER for a rule without a name.
 * @param ignoreMerges of the tokenizer's model
 */
export function preTokenizerName(rule: TextRule | null, ignoreMerges: boolean): string {
  const name = nameOf(rule);
  if (name === null)
    throw new RankwiseError(
      'E_TOKENIZER',
      'The rule by which this tokenizer cuts words has no name in GGUF files.',
      'Rules of GPT-2, Llama 3, Qwen2 and SmolLM have one. Export the model as safetensors.',
    );
  if ((name === 'llama-bpe') === ignoreMerges) return name;
  throw new RankwiseError(
    'E_TOKENIZER',
    `This tokenizer cuts words as “${name}”, but ${ignoreMerges ? 'takes' : 'does not take'} whole words before merging (ignore_merges), which readers of GGUF files do the other way.`,
    'Export the model as safetensors.',
  );
}

function nameOf(rule: TextRule | null): string | null {
  const parts = stepsOf(rule);
  const last = parts.at(-1);
  if (last?.type !== 'ByteLevel' || last.add_prefix_space !== false || parts.length > 2) return null;
  const cutsWords = last.use_regex !== false;
  const first = parts.length === 2 ? parts[0]! : null;
  if (first === null) return cutsWords ? 'gpt-2' : null;
  if (first.type === 'Digits') return first.individual_digits === true && cutsWords ? 'smollm' : null;
  const isolated = first.type === 'Split' && first.behavior === 'Isolated' && first.invert !== true;
  return isolated && !cutsWords ? (SPLITS[first.pattern?.Regex ?? ''] ?? null) : null;
}

const WORDS = { type: 'ByteLevel', add_prefix_space: false, trim_offsets: true, use_regex: true };
const BYTES = { ...WORDS, use_regex: false };
const inSequence = (...pretokenizers: object[]): object => ({ type: 'Sequence', pretokenizers });

/** The rule that a name means, as tokenizer.json has it, and whether words that are tokens are taken whole. Undefined for another name. */
export function preTokenizerOf(name: string): { rule: object; ignoreMerges: boolean } | undefined {
  const ignoreMerges = name === 'llama-bpe';
  if (name === 'gpt-2') return { rule: WORDS, ignoreMerges };
  if (name === 'smollm') return { rule: inSequence({ type: 'Digits', individual_digits: true }, WORDS), ignoreMerges };
  const regex = Object.keys(SPLITS).find((each) => SPLITS[each] === name);
  if (regex === undefined) return undefined;
  const split = { type: 'Split', pattern: { Regex: regex }, behavior: 'Isolated', invert: false };
  return { rule: inSequence(split, BYTES), ignoreMerges };
}
