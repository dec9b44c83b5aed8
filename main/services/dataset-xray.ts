import type { Xray } from '../../preload/contract/datasets.ts';
import { reportOf } from '../../preload/contract/errors.ts';
import { DigestSet } from '../data/digest-set.ts';
import type { Reading } from '../data/readers/row.ts';
import { readExamples, type RowSource } from '../data/row-source.ts';
import { saying, XrayReader } from '../data/xray.ts';
import type { Stages } from './data-stages.ts';
import { openView, type View, type ViewedRows } from './dataset-view.ts';
import { encoderOf } from './row-tokens.ts';

export interface XrayRequest extends View {
  /** Data that the rows must not be in. */
  evaluation: ViewedRows | null;
}

/** Looks at every row of a dataset, and of its evaluation data. */
export async function xrayRows({ evaluation, ...view }: XrayRequest, stages: Stages): Promise<Xray> {
  const began = performance.now();
  const { rows, tokenizer } = openView(view);
  const other = evaluation && openView({ ...view, rows: evaluation }).rows;
  const encoder = encoderOf(rows, tokenizer, view);
  const reading = stages.begin(null, rows.source.bytes + (other?.source.bytes ?? 0));
  const xray = new XrayReader(other && (await sayings(other, reading)));
  for await (const { example } of readExamples(rows, reading)) {
    try {
      xray.take(example, encoder.encode(example));
    } catch (error) {
      // A row that the template refuses is a problem of the row: the preview and the run tell it.
      if (reportOf(error).code !== 'E_TEMPLATE') throw error;
    }
  }
  return { ...xray.result(), seconds: (performance.now() - began) / 1000 };
}

async function sayings(rows: RowSource, reading: Reading): Promise<DigestSet> {
  const said = new DigestSet();
  for await (const { example } of readExamples(rows, reading)) said.add(saying(example));
  return said;
}
