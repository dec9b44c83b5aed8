import type { RunFile } from '../../../../preload/contract/run-file.ts';

const PRESET = 'preset:';

/** The library's id of a run file's model; a path stands for itself. */
export function chosenModel(model: RunFile['model'] | null): string | null {
  if (!model) return null;
  return model.preset === undefined ? (model.id ?? model.path ?? null) : `${PRESET}${model.preset}`;
}

/** The other way: a model of the library as the run file names it. */
export function modelChoice(id: string): RunFile['model'] {
  return id.startsWith(PRESET) ? { preset: id.slice(PRESET.length) } : { id };
}

/** How evaluation data are chosen: none, a part of the training data, or data of their own. */
export function evaluationKind(evaluation: RunFile['data']['eval']): 'none' | 'fraction' | 'dataset' {
  if (evaluation === null) return 'none';
  return typeof evaluation === 'string' ? 'dataset' : 'fraction';
}

/** Prompts, one a line; “\n” in a line stands for a line break. */
export const promptsOf = (text: string): string[] =>
  text
    .split('\n')
    .filter((line) => line.trim() !== '')
    .map((line) => line.replaceAll('\\n', '\n'));

export const promptText = (prompts: readonly string[]): string =>
  prompts.map((prompt) => prompt.replaceAll('\n', '\\n')).join('\n');
