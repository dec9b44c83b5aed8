import type { Method } from '../../preload/contract/methods.ts';
import type { Run, RunFile } from '../../preload/contract/run-file.ts';
import type { BudgetOption } from '../../preload/contract/runs.ts';
import { type Change, ORDERS, type Proposal, withEdit } from './budget-changes.ts';
import { type MethodService, resolveParameters, sharedParameters } from './methods.ts';

/** Plans a run, or says why it cannot be trained. */
export type PlanRun = (run: Run) => Promise<number>;

/** Another method than the one that was asked for weighs more than a lower rank. */
const COST_OF_ANOTHER_METHOD = 8;
/** So that what a run is planned for does not decide what its plan is. */
const NO_BUDGET = 2 ** 50;

interface Solution {
  changes: { change: Change; savesBytes: number }[];
  planBytes: number;
  fits: boolean;
}

/** Finds ways to train a model on its data inside a budget. Every figure is the planner's. */
export class BudgetSolver {
  readonly #methods: MethodService;

  constructor(methods: MethodService) {
    this.#methods = methods;
  }

  /**
   * One way for every method that can train the model, what fits first, then by what is given up.
   * @param file as the user wrote it  @param run the same, composed  @param planBytes asks the planner
   */
  async solve(file: RunFile, run: Run, budgetBytes: number, planBytes: PlanRun): Promise<BudgetOption[]> {
    const { methods } = await this.#methods.registry();
    const plan = remembered(planBytes);
    const found: (BudgetOption & { cost: number })[] = [];
    for (const method of methods) {
      const own = method.name === run.method.name;
      if (!own && !isAlternative(method, run)) continue;
      const start = own ? run : moved(run, method);
      const solution = await this.#best(start, method, budgetBytes, plan).catch((error: unknown) => {
        if (own) throw error;
        return null;
      });
      if (!solution) continue;
      const changes = solution.changes.map(({ change }) => change);
      found.push({
        file: fileOf(file, own ? null : start, changes, budgetBytes),
        method: method.name,
        methodTitle: method.title,
        kept: own ? [] : takenOver(method, run),
        changes: solution.changes.map(({ change: { text }, savesBytes }) => ({ text, savesBytes })),
        planBytes: solution.planBytes,
        fits: solution.fits,
        recommended: false,
        cost: costOf(changes) + (own ? 0 : COST_OF_ANOTHER_METHOD),
      });
    }
    found.sort((a, b) => Number(b.fits) - Number(a.fits) || a.cost - b.cost || a.planBytes - b.planBytes);
    return found.map(({ cost: _, ...option }, index) => ({ ...option, recommended: index === 0 && option.fits }));
  }

  /** The order of proposals that gives up least; where none fits, the one that takes least. */
  async #best(run: Run, method: Method, budget: number, plan: PlanRun): Promise<Solution> {
    const solutions: Solution[] = [];
    for (const order of ORDERS) {
      const solution = await descend(run, method, order, budget, plan);
      if (solution.fits && solution.changes.length === 0) return solution;
      solutions.push(solution);
    }
    const cost = ({ changes }: Solution): number => costOf(changes.map(({ change }) => change));
    return solutions.sort(
      (a, b) => Number(b.fits) - Number(a.fits) || (a.fits ? cost(a) - cost(b) : a.planBytes - b.planBytes),
    )[0]!;
  }
}

/** Takes proposals in turn until the run fits, then takes back what turned out not to be needed. */
async function descend(
  run: Run,
  method: Method,
  order: readonly Proposal[],
  budget: number,
  plan: PlanRun,
): Promise<Solution> {
  const bytesOf = (changes: readonly Change[]): Promise<number> => plan(changed(run, changes));
  let taken: Change[] = [];
  let bytes = await bytesOf(taken);
  for (const propose of order) {
    if (bytes <= budget) break;
    const change = propose(changed(run, taken), method);
    if (!change) continue;
    const now = await bytesOf([...taken, change]).catch(() => Infinity);
    if (now >= bytes) continue;
    taken = [...taken, change];
    bytes = now;
  }
  const fits = bytes <= budget;
  // The dearest first, the last first: what came later may have made it unnecessary.
  for (const change of fits ? taken.toReversed().toSorted((a, b) => b.cost - a.cost) : []) {
    const without = taken.filter((each) => each !== change);
    // Halvings build on one another: one in the middle cannot be taken back alone.
    if (
      taken.some((each) => each !== change && sameSettings(each, change) && taken.indexOf(each) > taken.indexOf(change))
    )
      continue;
    const then = await bytesOf(without).catch(() => Infinity);
    if (then <= budget) [taken, bytes] = [without, then];
  }
  const changes: Solution['changes'] = [];
  let before = await bytesOf([]);
  for (const [index, change] of taken.entries()) {
    const after = await bytesOf(taken.slice(0, index + 1));
    changes.push({ change, savesBytes: before - after });
    before = after;
  }
  return { changes, planBytes: bytes, fits };
}

function changed(run: Run, changes: readonly Change[]): Run {
  return changes.reduce((before, { edit }) => withEdit(before, edit), run);
}

/**
 * Whether a method can take the place of a run's own: a checkpoint belongs to its method, and what never changes the weights that
 * it starts from learns little on random ones.
 */
function isAlternative({ parts }: Method, { from, initialize }: Run): boolean {
  const leavesWeights = parts.delta !== 'none' && parts.events === 'none';
  return !from && !(initialize === 'random' && leavesWeights);
}

/** The run under another method: what both know by the same name stays, as far as it is allowed there. */
function moved(run: Run, method: Method): Run {
  return {
    ...run,
    method: { name: method.name, ...resolveParameters(method, sharedParameters(method, run.method)) },
    storage: { ...run.storage, weights: method.defaultStorage },
  };
}

/** What another method takes over from a run's own and would have set otherwise, in words. */
function takenOver(method: Method, run: Run): string[] {
  return Object.entries(sharedParameters(method, run.method))
    .filter(([name, value]) => value !== method.parameters.find((parameter) => parameter.name === name)!.default)
    .map(([name, value]) => `${name} ${String(value)}`);
}

/** What the user wrote, with the changes; another method brings its own settings. */
function fileOf(file: RunFile, other: Run | null, changes: readonly Change[], memoryBudget: number): RunFile {
  const begun = other ? { ...file, method: other.method, storage: other.storage } : file;
  const edited = changes.reduce((before, { edit }) => withEdit(before, edit), begun);
  return { ...edited, device: { ...edited.device, memoryBudget } };
}

const costOf = (changes: readonly Change[]): number => changes.reduce((sum, { cost }) => sum + cost, 0);

const sameSettings = (a: Change, b: Change): boolean => keysOf(a) === keysOf(b);
const keysOf = ({ edit }: Change): string =>
  JSON.stringify(Object.entries(edit).map(([section, values]) => [section, Object.keys(values)]));

/** Planned once each; activations are recomputed only where a change says so. */
function remembered(planBytes: PlanRun): PlanRun {
  const known = new Map<string, Promise<number>>();
  return (run) => {
    const recompute = run.training.recompute === 'blocks' ? 'blocks' : 'none';
    const asked: Run = {
      ...run,
      training: { ...run.training, recompute },
      device: { ...run.device, memoryBudget: NO_BUDGET },
    };
    const key = JSON.stringify(asked);
    let bytes = known.get(key);
    if (!bytes) known.set(key, (bytes = planBytes(asked)));
    return bytes;
  };
}
