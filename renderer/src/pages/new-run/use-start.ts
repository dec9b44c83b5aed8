import { ref, shallowRef } from 'vue';
import { useRouter } from 'vue-router';
import { reportOf, type ErrorReport } from '../../../../preload/contract/errors.ts';
import { api } from '../../bridge.ts';
import { t } from '../../i18n.ts';
import { hasRoute } from '../../router.ts';
import { useDraft } from '../../stores/draft.ts';
import { useProjects } from '../../stores/projects.ts';
import { useRuns } from '../../stores/runs.ts';
import { toast } from '../../toasts.ts';
import { useSuggestedName } from './use-suggested-name.ts';

/** The choice of a project that is not there yet. */
export const NEW_PROJECT = 'new';

const project = ref(NEW_PROJECT);
const projectName = ref(t('newRun.naming.firstProject'));
const busy = ref(false);
const error = shallowRef<ErrorReport | null>(null);

/** Puts the run into the queue; where nothing trains it begins at once. The chosen project is remembered from run to run. */
export function useStart() {
  const draft = useDraft();
  const projects = useProjects();
  const runs = useRuns();
  const router = useRouter();
  const suggested = useSuggestedName();

  async function projectId(): Promise<string> {
    if (project.value !== NEW_PROJECT && projects.byId(project.value)) return project.value;
    const name = projectName.value.trim() || t('newRun.naming.firstProject');
    const known = projects.list.find((each) => each.name === name);
    const created = known ?? (await api.projects.create({ name }));
    project.value = created.id;
    return created.id;
  }

  /** @param first before all others that wait */
  async function start(first: boolean): Promise<void> {
    if (!draft.file || busy.value) return;
    busy.value = true;
    error.value = null;
    try {
      const name = draft.value?.name ?? suggested.value;
      const id = await projectId();
      const run = await api.runs.start({ draft: { ...draft.file, name }, project: id, first });
      projects.choose(id);
      runs.put(run);
      draft.set('name', undefined);
      draft.set('from', undefined);
      draft.step = 0;
      toast(t(runs.running && runs.running.id !== run.id ? 'newRun.queued' : 'newRun.started', { name: run.name }));
      await router.push(hasRoute('run') ? { name: 'run', params: { id: run.id } } : { name: 'home' });
    } catch (thrown) {
      error.value = reportOf(thrown);
    } finally {
      busy.value = false;
    }
  }

  return { project, projectName, busy, error, start };
}
