import { TOKEN_KIND, unusedToken } from './gguf-token-kind.ts';
import { scoresOfMerges } from './piece-merges.ts';
import { stepsOf, type TextRule, type TokenizerFile } from './tokenizer-file.ts';

/** A vocabulary in SentencePiece's manner as GGUF files hold it: one entry for every id. */
export interface SpacesVocabulary {
  tokens: string[];
  kinds: number[];
  /** Of two neighbours that can merge, those with the higher score do first. */
  scores: number[];
  /** A space is put before every text. */
  addSpacePrefix: boolean;
  /** What readers of the file do otherwise, in words. */
  notes: string[];
}

const SPACE = '▁';
/** Lower than any piece that merges. */
const UNMERGED = -1e6;
const BYTE = /^<0x([0-9A-F]{2})>$/;

/** Whether a tokenizer is SentencePiece's BPE: spaces are ▁, and what has no piece is spelled in bytes. */
export const spellsInPieces = ({ model }: TokenizerFile): boolean =>
  model.type === 'BPE' && model.byte_fallback === true;

/**
 * @param size of the model's vocabulary
 * @param refuse is told, in words, why readers of the format would cut texts otherwise
 */
export function spacesVocabulary(file: TokenizerFile, size: number, refuse: (why: string) => never): SpacesVocabulary {
  const { addSpacePrefix, notes } = rulesOf(file, refuse);
  const { vocab, unk_token: unknown } = file.model;
  const added = file.added_tokens ?? [];
  const whole = new Set(added.map(({ content }) => content));
  const pieces = new Set(Object.keys(vocab).filter((text) => !whole.has(text) && !BYTE.test(text)));
  const scoreOf = scoresOfMerges(file, pieces) ?? refuse('its list of merges says more than scores of pieces can');
  const tokens = Array.from({ length: size }, (_, id) => unusedToken(id));
  const kinds = Array.from({ length: size }, () => TOKEN_KIND.unused);
  const scores = Array.from({ length: size }, () => UNMERGED);
  const put = (id: number, text: string, kind: number, score = UNMERGED): void => {
    if (id >= size) refuse(`it has the token ${id}, and the model ${size} tokens`);
    [tokens[id], kinds[id], scores[id]] = [text, kind, score];
  };
  for (const [text, id] of Object.entries(vocab))
    put(id, text, BYTE.test(text) ? TOKEN_KIND.byte : TOKEN_KIND.normal, scoreOf.get(text));
  for (const { id, content, special, lstrip, rstrip, single_word: word } of added) {
    if (lstrip || rstrip || word) refuse(`its token ${content} takes the spaces around it or needs to be a word`);
    const control = special || /^<\|.*\|>$/.test(content);
    put(id, content, content === unknown ? TOKEN_KIND.unknown : control ? TOKEN_KIND.control : TOKEN_KIND.ownText);
  }
  if (kinds.filter((kind) => kind === TOKEN_KIND.byte).length !== 256)
    refuse('it does not have a token for every byte');
  return { tokens, kinds, scores, addSpacePrefix, notes };
}

function rulesOf(file: TokenizerFile, refuse: (why: string) => never): { addSpacePrefix: boolean; notes: string[] } {
  const changes = stepsOf(file.normalizer);
  const cuts = stepsOf(file.pre_tokenizer).filter((rule) => !(cutsAtSpaces(rule) && changes.some(replacesSpaces)));
  const [metaspace] = cuts;
  const notes: string[] = [];
  if (cuts.length > 1 || (metaspace && (metaspace.type !== 'Metaspace' || metaspace.split !== false)))
    refuse(`it cuts words by a rule of its own (${cuts.map(({ type }) => type).join(', ')})`);
  const foreign = changes.find((rule) => !replacesSpaces(rule) && !(rule.type === 'Prepend' && rule.prepend === SPACE));
  if (foreign) refuse(`it changes text before cutting it (${foreign.type})`);
  const prepends = changes.some(({ type }) => type === 'Prepend');
  if (metaspace === undefined) {
    if (!changes.some(replacesSpaces)) refuse('it does not write spaces as ▁');
    return { addSpacePrefix: prepends, notes };
  }
  if (changes.length > 0 || (metaspace.replacement ?? SPACE) !== SPACE) refuse('it writes spaces twice');
  const scheme = metaspace.prepend_scheme ?? (metaspace.add_prefix_space === false ? 'never' : 'always');
  if (scheme === 'first')
    notes.push(
      'Behind a special token, readers of GGUF files put the space before a text that this tokenizer puts only at the beginning.',
    );
  return { addSpacePrefix: scheme !== 'never', notes };
}

const replacesSpaces = ({ type, pattern, content }: TextRule): boolean =>
  type === 'Replace' && pattern?.String === ' ' && content === SPACE;
/** Cuts nothing where spaces were replaced before. */
const cutsAtSpaces = ({ type, pattern }: TextRule): boolean => type === 'Split' && pattern?.String === ' ';
