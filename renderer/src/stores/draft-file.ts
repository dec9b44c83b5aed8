import type { RunDraft } from '../../../preload/contract/api.ts';
import type { Method } from '../../../preload/contract/methods.ts';
import type { RunFile } from '../../../preload/contract/run-file.ts';

/** A run file whose model and data may still be missing (`null`, an empty path). Of the method's settings only those that were changed. */
export type DraftFile = Omit<RunFile, 'model' | 'output'> & { model: RunFile['model'] | null };

type Tree = Record<string, unknown>;

export function draftOf({ output: _, ...file }: RunFile): DraftFile {
  return file;
}

/** A run file's defaults, with nothing chosen yet. */
export function blankDraft(file: RunFile): DraftFile {
  return { ...draftOf(file), model: null, data: { ...file.data, train: '' } };
}

/** What main is given. Only for a draft whose model and data are chosen. */
export function runDraft(draft: DraftFile): RunDraft {
  return JSON.parse(JSON.stringify(draft)) as RunDraft;
}

/** The value at "section.key"; undefined where there is none. */
export function valueAt(draft: DraftFile, path: string): unknown {
  return path.split('.').reduce<unknown>((at, key) => (at as Tree | null | undefined)?.[key], draft);
}

/** The draft with a value set; `undefined` takes it out. What belongs together is kept together. */
export function withValue(draft: DraftFile, path: string, value: unknown): DraftFile {
  const keys = path.split('.');
  if (path === 'training.earlyStopping.patience' && value === null)
    return withValue(draft, 'training.earlyStopping', null);
  const next = placed(draft, keys, value) as unknown as DraftFile;
  // Updating layer by layer, the norm of all gradients is known too late to clip by it, and nothing can be summed up before.
  if (path === 'optimizer.perLayerUpdates') {
    const together = value === true ? { clipNorm: null, gradientAccumulation: 1 } : { clipNorm: 1 };
    return { ...next, training: { ...next.training, ...together } };
  }
  return next;
}

function placed(tree: Tree | null | undefined, [key, ...rest]: string[], value: unknown): Tree {
  const copy: Tree = { ...tree };
  if (rest.length > 0) copy[key!] = placed(copy[key!] as Tree, rest, value);
  else if (value === undefined) delete copy[key!];
  else copy[key!] = value;
  return copy;
}

/** The draft under another method: settings that were changed and that it has too are kept; its usual storage comes with it. */
export function withMethod(draft: DraftFile, method: Method): DraftFile {
  if (draft.method.name === method.name) return draft;
  const shared = Object.entries(draft.method).filter(([key, value]) => {
    const parameter = method.parameters.find(({ name }) => name === key);
    if (!parameter || typeof value === 'undefined') return false;
    if (parameter.choices) return typeof value === 'string' && parameter.choices.includes(value);
    if (typeof value !== 'number') return typeof value === typeof parameter.default;
    return value >= (parameter.minimum ?? -Infinity) && value <= (parameter.maximum ?? Infinity);
  });
  const { weights: _, ...storage } = draft.storage;
  return { ...draft, method: { ...Object.fromEntries(shared), name: method.name }, storage };
}
