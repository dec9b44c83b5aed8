import { computed, type ComputedRef } from 'vue';
import { useDatasets } from '../../stores/datasets.ts';
import { useDraft } from '../../stores/draft.ts';
import { useModels } from '../../stores/models.ts';
import { chosenModel } from './chosen.ts';

const lastPart = (path: string): string => path.split(/[\\/]/).at(-1)!;

/** What a run is called where the user does not say: its method, model and data. */
export function useSuggestedName(): ComputedRef<string> {
  const draft = useDraft();
  const models = useModels();
  const datasets = useDatasets();
  return computed(() => {
    const id = chosenModel(draft.value?.model ?? null);
    const model = id && (models.byId(id)?.name ?? lastPart(id));
    const train = draft.value?.data.train;
    const data = train && (datasets.byId(train)?.name ?? lastPart(train));
    return [draft.method?.title, model, data].filter(Boolean).join(', ').slice(0, 120);
  });
}
