import type { AdapterSummary } from '../../preload/contract/adapters.ts';

/** What an adapter says of itself where it leaves the library. */
export type Described = Pick<
  AdapterSummary,
  | 'name'
  | 'type'
  | 'rank'
  | 'alpha'
  | 'targets'
  | 'parameters'
  | 'method'
  | 'run'
  | 'data'
  | 'evalLoss'
  | 'parents'
  | 'baseName'
  | 'baseHash'
>;

/** README.md of an adapter that leaves the library: what it is, where it comes from, how it is used. */
export function adapterCard(adapter: Described, licence: string | null): string {
  const rows: [string, string | null][] = [
    ['Method', adapter.method],
    ['Type', `${adapter.type}, rank ${adapter.rank}, alpha ${adapter.alpha}`],
    ['Layers', adapter.targets.join(', ')],
    ['Parameters', adapter.parameters.toLocaleString('en-US')],
    ['Base model', adapter.baseName],
    ['SHA-256 of the base (config and weights)', adapter.baseHash],
    ['Data', adapter.data],
    ['Evaluation loss', adapter.evalLoss === null ? null : adapter.evalLoss.toFixed(4)],
    ['Run', adapter.run],
    ['Descends from', adapter.parents.map(({ name }) => name).join(' ← ') || null],
  ];
  return `---
library_name: peft
base_model: ${JSON.stringify(adapter.baseName)}
${licence === null ? '' : `license: ${JSON.stringify(licence)}\n`}tags:
  - ${adapter.type.toLowerCase()}
---

# ${oneLine(adapter.name)}

An adapter for ${cell(adapter.baseName)}, in the format of PEFT, made with Rankwise.

| | |
| --- | --- |
${rows.flatMap(([title, value]) => (value === null || value === '' ? [] : [`| ${title} | ${cell(value)} |`])).join('\n')}

## Use

\`\`\`python
from peft import PeftModel
from transformers import AutoModelForCausalLM

base = AutoModelForCausalLM.from_pretrained("path/of/the/base")
model = PeftModel.from_pretrained(base, "path/of/this/folder")
\`\`\`
`;
}

const oneLine = (text: string): string => text.replace(/\s+/g, ' ').trim();
const cell = (text: string): string => oneLine(text).replaceAll('|', '\\|');
