import path from 'node:path';
import type { RunComparison } from '../../preload/contract/runs.ts';
import type { RunRecord } from '../store/runs.ts';

/** The settings of several runs by their path in the run file, one value a run, in the order of the first run's file. */
export function settingsOf(runs: readonly RunRecord[]): RunComparison['settings'] {
  const flat = runs.map((run) => flatten(comparable(run)));
  const names = [...new Set(flat.flatMap((each) => [...each.keys()]))];
  return names.map((setting) => {
    const values = flat.map((each) => each.get(setting) ?? null);
    return { setting, values, differs: new Set(values.map((value) => JSON.stringify(value))).size > 1 };
  });
}

/** The settings without what tells runs apart anyway: name, folder, and the copy of the tokenizer in that folder. */
function comparable({ config, output }: RunRecord): object {
  const { tokenizer, ...model } = config.model;
  const own = tokenizer?.startsWith(output + path.sep) ?? true;
  return { ...config, name: undefined, output: undefined, model: own ? model : config.model };
}

/** {a: {b: 1}} as a.b → 1; lists stay whole. */
function flatten(value: object, prefix = ''): Map<string, unknown> {
  const flat = new Map<string, unknown>();
  for (const [key, each] of Object.entries(value) as [string, unknown][]) {
    if (each === undefined) continue;
    if (typeof each === 'object' && each !== null && !Array.isArray(each)) {
      for (const [inner, leaf] of flatten(each, `${prefix}${key}.`)) flat.set(inner, leaf);
    } else {
      flat.set(`${prefix}${key}`, each);
    }
  }
  return flat;
}
