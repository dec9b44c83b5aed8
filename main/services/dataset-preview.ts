import type { Preview, PreviewRow } from '../../preload/contract/datasets.ts';
import { RankwiseError, reportOf } from '../../preload/contract/errors.ts';
import { chatTemplateOf } from '../data/chat-template.ts';
import { ExampleReader } from '../data/example.ts';
import { isRow } from '../data/readers/row.ts';
import type { RowSource } from '../data/row-source.ts';
import { shownRow } from '../data/shown-tokens.ts';
import { readSource } from '../data/source.ts';
import { openView, type View } from './dataset-view.ts';
import { encoderOf } from './row-tokens.ts';

export interface PreviewRequest extends View {
  sequenceLength: number;
  /** Of the first row among those that can be read, from 0. */
  offset: number;
  count: number;
  /** Rows that the dataset has. */
  total: number;
}

/** Some rows of a dataset as a model would get them. Throws E_TEMPLATE, E_TOKENIZER, E_DATA. */
export async function previewRows({ sequenceLength, offset, count, total, ...view }: PreviewRequest): Promise<Preview> {
  const { rows, tokenizer } = openView(view);
  const encoder = encoderOf(rows, tokenizer, view);
  const reader = new ExampleReader(rows.mapping);
  const shown: PreviewRow[] = [];
  const notes = notesOf(rows, sequenceLength);
  let index = 0;
  for await (const findings of readSource(rows.source)) {
    for (const row of findings.filter(isRow)) {
      if (index >= offset && index < offset + count) {
        try {
          const example = reader.read(row);
          if (typeof example === 'string') throw new RankwiseError('E_TEMPLATE', example);
          shown.push(shownRow(index, example, encoder, tokenizer, sequenceLength));
        } catch (error) {
          if (reportOf(error).code !== 'E_TEMPLATE') throw error;
          notes.push(`Row ${index + 1} cannot be used: ${reportOf(error).message}`);
        }
      }
      index += 1;
    }
    if (index >= offset + count) break;
  }
  const template = rows.kind === 'text' ? null : chatTemplateOf(view.template, tokenizer.ownTemplate, {});
  return { rows: shown, total, template: template?.label ?? 'none', notes };
}

function notesOf({ kind }: RowSource, sequenceLength: number): string[] {
  if (kind === 'preference') {
    return ['Pairs of a preferred and a rejected answer: no method trains on them yet. Shown is the preferred one.'];
  }
  if (kind === 'text') return [`Texts that are longer than ${sequenceLength} tokens go on in the next sequence.`];
  return [];
}
