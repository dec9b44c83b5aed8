import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { DataProblem } from '../../preload/contract/datasets.ts';
import { RankwiseError, reportOf } from '../../preload/contract/errors.ts';
import { chatTemplateOf } from '../data/chat-template.ts';
import { hashTexts } from '../data/content-hash.ts';
import { ExampleEncoder, type EncodedExample } from '../data/example-encoder.ts';
import { DocumentJoiner } from '../data/packing.ts';
import type { Reading } from '../data/readers/row.ts';
import { RowPacker } from '../data/row-packing.ts';
import { hashSource, problemOf, readExamples, type RowSource } from '../data/row-source.ts';
import type { Tokenizer } from '../data/tokenizer.ts';
import { TokensWriter } from '../data/tokens-writer.ts';
import { partOf } from '../formats/part-name.ts';

// Raised whenever the same rows, template and tokenizer would give other tokens.
const CACHE_VERSION = 1;

export interface RowSettings {
  /** "auto", "none" or the text of a template. */
  template: string;
  trainOn: 'completions' | 'all';
  sequenceLength: number;
  packing: boolean;
}

/** Kept beside the tokens, so that a run that finds them in the cache tells the same. */
interface Account {
  sequences: number;
  notes: string[];
}

export interface RowTokens extends Account {
  tokens: string;
  hash: string;
}

/** The encoder of rows under a tokenizer and settings. Throws E_TEMPLATE. */
export function encoderOf(
  { kind }: Pick<RowSource, 'kind'>,
  tokenizer: Tokenizer,
  settings: Pick<RowSettings, 'template' | 'trainOn'>,
): ExampleEncoder {
  const template =
    kind === 'text' ? null : chatTemplateOf(settings.template, tokenizer.ownTemplate, tokenizer.namedTokens);
  return new ExampleEncoder(tokenizer, template, settings.trainOn);
}

/** Turns rows into a tokens file of the cache. Throws E_DATA where no row can be learned from. */
export async function prepareRows(
  rows: RowSource,
  tokenizer: Tokenizer,
  settings: RowSettings,
  cache: string,
  reading: Reading = {},
): Promise<RowTokens> {
  requireTrainable(rows);
  const template =
    rows.kind === 'text'
      ? ''
      : (chatTemplateOf(settings.template, tokenizer.ownTemplate, tokenizer.namedTokens)?.text ?? 'none');
  const hash = hashTexts([
    'rows',
    String(CACHE_VERSION),
    rows.source.format,
    await hashSource(rows.source, reading),
    JSON.stringify(Object.entries(rows.mapping).sort()),
    template,
    settings.trainOn,
    tokenizer.hash,
    String(settings.sequenceLength),
    String(settings.packing),
  ]);
  const tokens = path.join(cache, 'tokens', `${hash}.safetensors`);
  const account = path.join(cache, 'tokens', `${hash}.json`);
  if (!existsSync(tokens) || !existsSync(account)) {
    const made = await writeTokens(rows, tokenizer, settings, tokens, reading);
    const part = partOf(account);
    writeFileSync(part, JSON.stringify(made));
    renameSync(part, account);
  }
  return { tokens, hash, ...(JSON.parse(readFileSync(account, 'utf8')) as Account) };
}

export function requireTrainable({ kind, source }: RowSource): void {
  if (kind !== 'preference') return;
  throw new RankwiseError(
    'E_DATA',
    `${source.path} holds pairs of a preferred and a rejected answer, which no method trains on yet.`,
    'To train on the preferred answers alone, give their column the role “completion” and the rejected one none.',
  );
}

async function writeTokens(
  rows: RowSource,
  tokenizer: Tokenizer,
  settings: RowSettings,
  file: string,
  reading: Reading,
): Promise<Account> {
  mkdirSync(path.dirname(file), { recursive: true });
  const encoder = encoderOf(rows, tokenizer, settings);
  const writer = new TokensWriter(file, settings.sequenceLength);
  const packer = packerOf(rows, settings, tokenizer.endId ?? 0, writer);
  const problems: DataProblem[] = [];
  let problemCount = 0;
  const onProblem = (problem: DataProblem): void => {
    problemCount += 1;
    if (problems.length === 0) problems.push(problem);
  };
  try {
    for await (const { row, example } of readExamples(rows, { ...reading, onProblem })) {
      let encoded: EncodedExample;
      try {
        encoded = encoder.encode(example);
      } catch (error) {
        if (reportOf(error).code !== 'E_TEMPLATE') throw error;
        onProblem(problemOf(row, reportOf(error).message));
        continue;
      }
      packer.add(encoded);
    }
    const notes = [...packer.end(), ...(problemCount > 0 ? [problemNote(problemCount, problems[0]!)] : [])];
    if (writer.count === 0) {
      throw new RankwiseError(
        'E_DATA',
        `${rows.source.path} has no row that can be learned from${notes.length > 0 ? `: ${notes.join(' ')}` : '.'}`,
        'Look at the preview of the data: the tokens that are trained on are marked there.',
      );
    }
    const { count } = writer;
    writer.end();
    return { sequences: count, notes };
  } catch (error) {
    writer.drop();
    throw error;
  }
}

/** Texts are joined like the documents of a text file; rows with a prompt stay whole. `end` answers what the user should know. */
function packerOf(
  { kind }: RowSource,
  { sequenceLength: length, packing }: RowSettings,
  padId: number,
  writer: TokensWriter,
): { add(encoded: EncodedExample): void; end(): string[] } {
  if (kind === 'text' && packing) {
    const joiner = new DocumentJoiner({ length, padId }, (sequence) => writer.add(sequence));
    let documents = 0;
    return {
      add: ({ ids }) => {
        documents += 1;
        joiner.add(ids);
      },
      end: () => {
        if (documents > 0) joiner.end();
        return [];
      },
    };
  }
  const packer = new RowPacker({ length, padId, packing }, (sequence) => writer.add(sequence));
  return {
    add: (encoded) => packer.add(encoded),
    end: () => {
      packer.end();
      const { rows, cut, empty } = packer.counts;
      const notes: string[] = [];
      if (cut > 0) notes.push(`${cut} of ${rows} rows are longer than ${length} tokens and were cut.`);
      if (empty > 0) notes.push(`${empty} of ${rows} rows have nothing to learn and were left out.`);
      return notes;
    },
  };
}

function problemNote(count: number, first: DataProblem): string {
  const where = first.line === null ? `row ${first.row}` : `line ${first.line}`;
  const rows =
    count === 1
      ? 'One row cannot be used and was left out'
      : `${count} rows cannot be used and were left out; the first`;
  return `${rows}: ${path.basename(first.file)}, ${where}: ${first.message}`;
}
