import { defineStore } from 'pinia';
import { computed, ref, shallowRef, watch } from 'vue';
import type { RunDraft } from '../../../preload/contract/api.ts';
import { reportOf, type ErrorReport } from '../../../preload/contract/errors.ts';
import type { RunFile } from '../../../preload/contract/run-file.ts';
import type { BudgetOption, PlannedRun } from '../../../preload/contract/runs.ts';
import { api } from '../bridge.ts';
import { blankDraft, draftOf, type DraftFile, runDraft, withMethod, withValue } from './draft-file.ts';
import { useMethods } from './methods.ts';

/** Answers come this long after the last change, so that typing a number does not ask for each of its digits. */
const PAUSE = 150;

/** The run that is being made: it survives leaving the screen, and is planned again at every change. */
export const useDraft = defineStore('draft', () => {
  const methods = useMethods();
  const value = ref<DraftFile | null>(null);
  /** Which of the four steps is open, from 0. */
  const step = ref(0);
  const plan = shallowRef<PlannedRun | null>(null);
  const planError = shallowRef<ErrorReport | null>(null);
  const planning = ref(false);
  const options = shallowRef<BudgetOption[] | null>(null);
  const optionsError = shallowRef<ErrorReport | null>(null);
  const solving = ref(false);
  /** Whether somebody looks at the options; otherwise they are asked for only where the run does not fit. */
  const optionsWanted = ref(false);

  /** Ready to be changed. Throws what asking the engine for its methods throws. */
  async function begin(): Promise<void> {
    const { methods: known } = await methods.ensure();
    if (!value.value) value.value = blankDraft(await api.runs.parse({ text: blankText(known[0]!.name) }));
  }

  const complete = computed(() => Boolean(value.value?.model && value.value.data.train));
  /** What main is asked about; null until model and data are chosen. */
  const file = computed<RunDraft | null>(() => (value.value && complete.value ? runDraft(value.value) : null));
  const method = computed(() => (value.value ? methods.byName(value.value.method.name) : null));

  function set(path: string, to: unknown): void {
    if (value.value) value.value = withValue(value.value, path, to);
  }
  function chooseMethod(name: string): void {
    const next = methods.byName(name);
    if (value.value && next) value.value = withMethod(value.value, next);
  }
  function chooseModel(model: RunFile['model'] | null): void {
    if (!value.value) return;
    const { initialize: _, ...rest } = value.value;
    value.value = { ...rest, model };
  }
  function chooseData(train: string): void {
    if (!value.value) return;
    const { trainOn: _, ...data } = value.value.data;
    value.value = {
      ...value.value,
      data: { ...data, train, format: 'auto', mapping: null, template: 'auto' },
    };
  }

  const replaced = shallowRef<{ note: string; before: DraftFile | null; after: string } | null>(null);
  /** Takes another run file in the place of this one. The old one can be brought back until something else is changed. */
  function replace(next: RunFile, note: string): void {
    const before = value.value;
    value.value = draftOf(next);
    replaced.value = { note, before, after: JSON.stringify(value.value) };
  }
  /** What was replaced last, in words, and the way back; null once the draft has moved on. */
  const undo = computed(() => {
    const last = replaced.value;
    if (!last?.before || JSON.stringify(value.value) !== last.after) return null;
    return { note: last.note, run: () => void (value.value = last.before) };
  });
  /** A draft as main wrote it, with every default that it leaves out. Throws E_RUN_FILE. */
  async function take(draft: RunDraft, note: string): Promise<void> {
    replace(await api.runs.parse({ text: JSON.stringify(draft) }), note);
  }

  let question = 0;
  let timer: ReturnType<typeof setTimeout> | undefined;

  async function ask(draft: RunDraft): Promise<void> {
    const mine = ++question;
    try {
      const answer = await api.runs.plan({ draft });
      if (mine !== question) return;
      plan.value = answer;
      planError.value = null;
    } catch (thrown) {
      if (mine !== question) return;
      plan.value = null;
      planError.value = reportOf(thrown);
    }
    planning.value = false;
    await solve(draft, mine);
  }

  async function solve(draft: RunDraft, mine: number): Promise<void> {
    if (!plan.value || (plan.value.plan.fits && !optionsWanted.value)) {
      // What was found for the run as it stood before must not be shown, let alone applied, later on.
      options.value = null;
      optionsError.value = null;
      solving.value = false;
      return;
    }
    const { budgetBytes } = plan.value.plan;
    try {
      const answer = await api.runs.solve({ draft, budgetBytes });
      if (mine !== question) return;
      options.value = answer;
      optionsError.value = null;
    } catch (thrown) {
      if (mine !== question) return;
      options.value = null;
      optionsError.value = reportOf(thrown);
    }
    solving.value = false;
  }

  /** The same question once more: after a data file was put back, say. */
  function replan(): void {
    clearTimeout(timer);
    question += 1;
    const draft = file.value;
    if (!draft) {
      plan.value = null;
      planError.value = null;
      options.value = null;
      planning.value = false;
      return;
    }
    planning.value = true;
    solving.value = true;
    timer = setTimeout(() => void ask(draft), PAUSE);
  }
  // The name takes no memory.
  const asked = computed(() => file.value && JSON.stringify({ ...file.value, name: undefined }));
  watch(asked, replan);
  watch(optionsWanted, (wanted) => {
    if (wanted && !planning.value && options.value === null) replan();
  });

  /** The way to fit the budget that gives up least; null while it is looked for: the last one would bring back an older draft. */
  const fix = computed(() => (solving.value ? null : (options.value?.find(({ recommended }) => recommended) ?? null)));
  /** The bar shows the plan of what stands there now, or nothing: never that of another run. */
  const fits = computed(() => (plan.value && !planning.value ? plan.value.plan.fits : null));

  return {
    ...{ value, step, complete, file, method, plan, planError, planning, fits },
    ...{ options, optionsError, optionsWanted, solving, fix },
    ...{ begin, set, chooseMethod, chooseModel, chooseData, replace, take, undo, replan },
  };
});

/** The shortest run file there is; its model and data are taken out again. */
const blankText = (method: string): string =>
  JSON.stringify({ model: { id: '-' }, data: { train: '-', eval: { fraction: 0.05 } }, method: { name: method } });
