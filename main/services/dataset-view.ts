import type { DataFormat, Mapping } from '../../preload/contract/datasets.ts';
import { bpeTokenizerConfig, trainByteLevelBpe } from '../data/bpe-trainer.ts';
import { kindOf } from '../data/roles.ts';
import type { RowSource } from '../data/row-source.ts';
import { openSource } from '../data/source.ts';
import { loadTokenizer, Tokenizer } from '../data/tokenizer.ts';

/** The rows of a dataset under a mapping. */
export interface ViewedRows {
  path: string;
  format: DataFormat;
  mapping: Mapping;
}

/** How a dataset is to be looked at. */
export interface View {
  rows: ViewedRows;
  /** "auto", "none" or the text of a template. */
  template: string;
  trainOn: 'completions' | 'all';
  /** A tokenizer.json or a folder with one; null = what a new model begins with. */
  tokenizer: string | null;
}

let loaded: { place: string | null; tokenizer: Tokenizer } | undefined;

/** The tokenizer that was used last stays loaded: reading a large one takes a second. Throws E_DATA, E_TOKENIZER. */
export function openView({ rows: { path, format, mapping }, tokenizer: place }: View): {
  rows: RowSource;
  tokenizer: Tokenizer;
} {
  if (loaded?.place !== place || !loaded) {
    loaded = { place, tokenizer: place === null ? bytesTokenizer() : loadTokenizer(place) };
  }
  return { rows: { source: openSource(path, format), mapping, kind: kindOf(mapping) }, tokenizer: loaded.tokenizer };
}

/** What a new model begins with: a token for each byte, and the end of a text. */
function bytesTokenizer(): Tokenizer {
  return new Tokenizer(JSON.stringify(trainByteLevelBpe([], 257)), JSON.stringify(bpeTokenizerConfig));
}
