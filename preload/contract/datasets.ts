export type DataFormat = 'text' | 'jsonl' | 'json' | 'csv' | 'tsv' | 'parquet' | 'tokens';

/** What the rows of a dataset are, by the columns that have a role. */
export type DataKind = 'text' | 'completion' | 'messages' | 'preference' | 'tokens' | 'unclear';

/** What a column is for. `messages` takes OpenAI's lists and ShareGPT's conversations alike. */
export const COLUMN_ROLES = [
  'text',
  'system',
  'prompt',
  'input',
  'completion',
  'messages',
  'chosen',
  'rejected',
] as const;

export type ColumnRole = (typeof COLUMN_ROLES)[number];

/** Column → role; columns that are not named are not used. Also `data.mapping` of the run file. */
export type Mapping = Record<string, ColumnRole>;

export interface Column {
  name: string;
  type: 'text' | 'number' | 'boolean' | 'list' | 'object' | 'mixed';
  /** Share of rows in which it is neither missing nor empty, 0 to 1. */
  filled: number;
  example: string;
}

/** A row that cannot be used, and why. Lines and columns count from 1; a row that has no line of its own (Parquet) tells its number. */
export interface DataProblem {
  file: string;
  line: number | null;
  column: number | null;
  row: number | null;
  message: string;
  hint: string;
}

export interface DatasetSummary {
  id: string;
  name: string;
  /** Where the file lies, for reading. */
  source: string;
  format: DataFormat;
  kind: DataKind;
  rows: number;
  bytes: number;
  /** SHA-256 of the file's bytes. */
  hash: string;
  version: number;
  importedAt: number;
  /** Rows that cannot be used. */
  problems: number;
  /** Runs that were trained on it. */
  runs: number;
  /** The file is no longer where it was. */
  missing: boolean;
  /** The file has other bytes than the newest version; `datasets.refresh` takes them in. */
  changed: boolean;
}

export interface DatasetDetails extends DatasetSummary {
  columns: Column[];
  mapping: Mapping;
  /** What a first look made of the columns. */
  guess: Mapping;
  /** "auto", "none", or the text of a Jinja template. */
  template: string;
  trainOn: 'completions' | 'all';
  /** The first hundred. */
  problemList: DataProblem[];
  versions: { version: number; hash: string; rows: number; importedAt: number }[];
}

/** How rows become tokens: what of a dataset's own settings is not given here is taken from the dataset. */
export interface Rendering {
  /** A model of the library, whose tokenizer and template count; null = a byte-level tokenizer, which is what a new model begins with. */
  model: string | null;
  sequenceLength: number;
  mapping?: Mapping;
  template?: string;
  trainOn?: 'completions' | 'all';
}

export interface PreviewRow {
  index: number;
  /** The first 8,192, or those of a sequence where it is longer. A character of several tokens stands with the first of them. */
  tokens: { text: string; trained: boolean; special: boolean }[];
  /** Tokens of the whole row. */
  length: number;
  /** Longer than the sequence: what follows `sequenceLength` is cut. */
  cut: boolean;
  /** Only the beginning of a very long text was read: `length` counts that. */
  partial?: boolean;
}

export interface Preview {
  rows: PreviewRow[];
  total: number;
  /** What rendered the rows: “the model's own template”, “none”, … */
  template: string;
  notes: string[];
}

/** What a look at every row says. */
export interface Xray {
  rows: number;
  tokens: number;
  trainedTokens: number;
  longest: number;
  median: number;
  /** Rows by their length in tokens, ascending: as many entries as there are different lengths. */
  lengths: Float64Array;
  counts: Float64Array;
  /** Rows that say the same as an earlier one. */
  duplicates: number;
  duplicateRows: number[];
  /** Rows without a token to learn. */
  emptyTargets: number;
  /** Rows that are in the evaluation data too; null where there is none. */
  leaked: number | null;
  seconds: number;
}
