import type { AdapterSummary } from '../../../../preload/contract/adapters.ts';
import type { ModelSummary } from '../../../../preload/contract/models.ts';
import type { Choice } from '../../components/ui/choices.ts';
import { count } from '../../format.ts';
import { t } from '../../i18n.ts';

/** Stands for “no adapter” among the choices. */
export const ALONE = 'alone';

/** Models that can be talked to; the others say why not. */
export function modelChoices(models: readonly ModelSummary[]): Choice[] {
  return models.map((model) => {
    const why = model.problem?.message ?? (model.tokenizer ? '' : t('playground.noTokenizer'));
    return { value: model.id, label: model.name, hint: count(model.parameters), ...(why ? { why } : {}) };
  });
}

/**
 * Adapters for a model, those that fit first. Before a model is chosen any usable one can be: it brings its base.
 */
export function adapterChoices(adapters: readonly AdapterSummary[], model: string | null): Choice[] {
  const choices = adapters.map((adapter) => {
    const why = whyNot(adapter, model);
    return {
      value: adapter.id,
      label: adapter.name,
      hint: t('playground.rank', { rank: adapter.rank }),
      ...(why ? { why } : {}),
    };
  });
  const fits = (choice: Choice): boolean => !choice.why;
  return [
    { value: ALONE, label: t('playground.alone') },
    ...choices.filter(fits),
    ...choices.filter((choice) => !fits(choice)),
  ];
}

function whyNot(adapter: AdapterSummary, model: string | null): string {
  if (adapter.problem) return adapter.problem.message;
  if (adapter.base === null) return t('playground.baseMissing', { base: adapter.baseName });
  return model !== null && adapter.base !== model ? t('playground.madeFor', { base: adapter.baseName }) : '';
}
