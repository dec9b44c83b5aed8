import { onScopeDispose, ref, watch, type Ref } from 'vue';
import { api } from '../../bridge.ts';
import { bytes, whole } from '../../format.ts';
import { t } from '../../i18n.ts';
import { useDraft } from '../../stores/draft.ts';

/** What another sequence length would save the run that is being made, where that trains on this dataset; empty where not. */
export function useCutSavings(dataset: string, cut: Ref<number>): Ref<string> {
  const draft = useDraft();
  const sentence = ref('');
  let timer: ReturnType<typeof setTimeout> | undefined;
  let question = 0;

  async function ask(length: number): Promise<void> {
    const mine = ++question;
    const { file, plan } = draft;
    if (!file || !plan || draft.value?.data.train !== dataset) return void (sentence.value = '');
    const now = draft.value.data.sequenceLength;
    if (now === length) return void (sentence.value = '');
    try {
      const { plan: other } = await api.runs.plan({
        draft: { ...file, data: { ...(file['data'] as object), sequenceLength: length } },
      });
      if (mine !== question) return;
      const saved = plan.plan.planBytes - other.planBytes;
      sentence.value = t(saved >= 0 ? 'data.xray.saves' : 'data.xray.costs', {
        from: whole(now),
        to: whole(length),
        bytes: bytes(Math.abs(saved)),
      });
    } catch {
      if (mine === question) sentence.value = '';
    }
  }

  watch(
    [cut, () => draft.plan],
    ([length]) => {
      clearTimeout(timer);
      timer = setTimeout(() => void ask(length), 200);
    },
    { immediate: true },
  );
  onScopeDispose(() => {
    clearTimeout(timer);
    question += 1;
  });
  return sentence;
}
