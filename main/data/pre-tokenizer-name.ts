import { RankwiseError } from '../../preload/contract/errors.ts';

interface Part {
  type?: string;
  pretokenizers?: Part[];
  pattern?: { Regex?: string };
  behavior?: string;
  invert?: boolean;
  individual_digits?: boolean;
  add_prefix_space?: boolean;
  use_regex?: boolean;
}

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
export function preTokenizerName(rule: unknown, ignoreMerges: boolean): string {
  const name = nameOf(rule as Part | null);
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

function nameOf(rule: Part | null): string | null {
  const parts = rule?.type === 'Sequence' ? (rule.pretokenizers ?? []) : rule ? [rule] : [];
  const last = parts.at(-1);
  if (last?.type !== 'ByteLevel' || last.add_prefix_space !== false || parts.length > 2) return null;
  const cutsWords = last.use_regex !== false;
  const first = parts.length === 2 ? parts[0]! : null;
  if (first === null) return cutsWords ? 'gpt-2' : null;
  if (first.type === 'Digits') return first.individual_digits === true && cutsWords ? 'smollm' : null;
  const isolated = first.type === 'Split' && first.behavior === 'Isolated' && first.invert !== true;
  return isolated && !cutsWords ? (SPLITS[first.pattern?.Regex ?? ''] ?? null) : null;
}
