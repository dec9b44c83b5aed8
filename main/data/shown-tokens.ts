import type { PreviewRow } from '../../preload/contract/datasets.ts';
import type { ExampleEncoder } from './example-encoder.ts';
import type { Example } from './example.ts';
import { tokenPlaces } from './token-places.ts';
import type { Tokenizer } from './tokenizer.ts';

/** Beyond so many tokens nobody reads on. */
const MOST_SHOWN = 8192;
const MOST_CHARACTERS = 200_000;

/** An example as a preview shows it: its tokens as they stand in the text, with those that are learned marked. */
export function shownRow(
  index: number,
  example: Example,
  encoder: ExampleEncoder,
  tokenizer: Tokenizer,
  sequenceLength: number,
): PreviewRow {
  const partial = example.kind === 'text' && example.text.length > MOST_CHARACTERS;
  const read: Example = partial ? { kind: 'text', text: beginningOf(example.text) } : example;
  const { ids, trained, leading } = encoder.encode(read);
  const inner = spelledOut(tokenizer, encoder.render(read).text);
  const shown = Math.min(ids.length, Math.max(MOST_SHOWN, sequenceLength));
  const tokens = Array.from({ length: shown }, (_, i) => {
    const name = tokenizer.nameOf(ids[i]!);
    const special = tokenizer.addedTokens.get(name)?.special ?? false;
    return { text: inner[i - leading] ?? name, trained: i > 0 && trained[i] === 1, special };
  });
  // Texts go on in the next sequence; rows with a prompt are cut.
  const cut = example.kind !== 'text' && ids.length > sequenceLength;
  return { index, tokens, length: ids.length, cut, ...(partial ? { partial } : {}) };
}

/** The text of each token; a character of several tokens stands with the first of them. */
function spelledOut(tokenizer: Tokenizer, text: string): string[] {
  const { ids, tokens } = tokenizer.spell(text);
  const places = tokenPlaces(tokenizer, text, tokens);
  if (!places) return ids.map((id) => tokenizer.decode([id]) || tokenizer.nameOf(id));
  const bytes = Buffer.from(text, 'utf8');
  const border = (at: number): number => {
    let next = at;
    while (next < bytes.length && (bytes[next]! & 0xc0) === 0x80) next++;
    return next;
  };
  return ids.map((_, i) => bytes.toString('utf8', border(places.begins[i]!), border(places.ends[i]!)));
}

function beginningOf(text: string): string {
  const end = text.lastIndexOf('\n', MOST_CHARACTERS);
  return text.slice(0, end > MOST_CHARACTERS / 2 ? end : MOST_CHARACTERS);
}
