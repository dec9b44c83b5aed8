/** A token that is recognised whole wherever it is written. */
export interface AddedToken {
  id: number;
  content: string;
  special?: boolean;
  lstrip?: boolean;
  rstrip?: boolean;
  single_word?: boolean;
  normalized?: boolean;
}

/** A rule of tokenizer.json that changes or cuts text. */
export interface TextRule {
  type?: string;
  normalizers?: TextRule[];
  pretokenizers?: TextRule[];
  pattern?: { Regex?: string; String?: string };
  content?: string;
  prepend?: string;
  replacement?: string;
  prepend_scheme?: string;
  add_prefix_space?: boolean;
  split?: boolean;
  behavior?: string;
  invert?: boolean;
  individual_digits?: boolean;
  use_regex?: boolean;
}

/** tokenizer.json, as far as GGUF files can say it. */
export interface TokenizerFile {
  normalizer: TextRule | null;
  pre_tokenizer: TextRule | null;
  added_tokens?: AddedToken[];
  model: { type?: string; vocab: Record<string, number>; merges: (string | [string, string])[] } & Record<
    string,
    unknown
  >;
}

/** The steps of a rule that may be a sequence of others, sequences within taken apart. */
export function stepsOf(rule: TextRule | null | undefined): TextRule[] {
  if (!rule) return [];
  if (rule.type !== 'Sequence') return [rule];
  return [...(rule.normalizers ?? []), ...(rule.pretokenizers ?? [])].flatMap(stepsOf);
}

/** The two halves of every merge. */
export const mergesOf = ({ model }: TokenizerFile): [string, string][] =>
  model.merges.map((merge) => {
    if (typeof merge !== 'string') return merge;
    const at = merge.indexOf(' ', 1);
    return [merge.slice(0, at), merge.slice(at + 1)];
  });
