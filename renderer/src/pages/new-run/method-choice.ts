import type { Method } from '../../../../preload/contract/methods.ts';

/** What the three questions ask; null = not answered yet. */
export interface Answers {
  /** What shall be there at the end. */
  result: 'adapter' | 'model' | null;
  /** Whether the weights that it begins with know something already. */
  start: 'trained' | 'random' | null;
  scarce: 'memory' | 'time' | null;
}

/** A method on one of its storages, planned for the run that is being made. */
export interface Candidate {
  method: string;
  storage: string;
  planBytes: number;
  fits: boolean;
}

export interface Pick extends Candidate {
  /** Key of the sentence that says why. */
  because: 'adapterSmall' | 'adapterPlain' | 'modelSmall' | 'modelPlain' | 'randomNeedsModel' | 'onlyFit';
}

/** Whether the weights that it starts from stay as they are, so that what it leaves is a small addition to them. */
const leavesAdapter = ({ parts }: Method): boolean => parts.delta !== 'none' && parts.events === 'none';

/** How little a method does besides the usual: the more of its parts are none, the less there is to tune and to wait for. */
const plainness = ({ parts }: Method): number =>
  [parts.delta, parts.events, parts.initializer].filter((part) => part === 'none').length +
  Number(parts.update === 'direct');

/** The method that the answers speak for, out of what could be planned; null where nothing could. */
export function pickMethod(
  methods: readonly Method[],
  candidates: readonly Candidate[],
  answers: Answers,
): Pick | null {
  const known = new Map(methods.map((method) => [method.name, method]));
  const needsModel = answers.result === 'adapter' && answers.start === 'random';
  const adapter = answers.result === 'adapter' && !needsModel;
  const suitable = candidates.filter(({ method }) => {
    const found = known.get(method);
    return found !== undefined && leavesAdapter(found) === adapter;
  });
  const usual = ({ method, storage }: Candidate): number => Number(known.get(method)!.defaultStorage === storage);
  const order = (a: Candidate, b: Candidate): number =>
    answers.scarce === 'memory'
      ? a.planBytes - b.planBytes
      : Number(b.fits) - Number(a.fits) ||
        plainness(known.get(b.method)!) - plainness(known.get(a.method)!) ||
        usual(b) - usual(a) ||
        a.planBytes - b.planBytes;
  const [best] = [...suitable].sort(order);
  if (!best) return null;
  if (needsModel) return { ...best, because: 'randomNeedsModel' };
  if (answers.scarce === 'memory') return { ...best, because: adapter ? 'adapterSmall' : 'modelSmall' };
  const alone = best.fits && suitable.filter(({ fits }) => fits).length === 1 && suitable.length > 1;
  return { ...best, because: alone ? 'onlyFit' : adapter ? 'adapterPlain' : 'modelPlain' };
}
