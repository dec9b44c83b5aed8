import { defineStore } from 'pinia';
import { computed, shallowRef, triggerRef } from 'vue';
import type { RunSummary } from '../../../preload/contract/runs.ts';
import { api } from '../bridge.ts';
import { useNotice } from '../notices.ts';

/** Every run's summary, kept in step with what main tells. Screens filter; details and series are asked for by id. */
export const useRuns = defineStore('runs', () => {
  const known = shallowRef(new Map<string, RunSummary>());
  const ready = shallowRef(false);
  /** Notices so far, and at which of them a run was told last: an answer that was asked for before is older than what was told. */
  let told = 0;
  const toldAt = new Map<string, number>();

  async function load(): Promise<void> {
    const asked = told;
    const answer = await api.runs.list({ project: null });
    known.value = new Map(
      answer.map((run) => [run.id, (toldAt.get(run.id) ?? 0) > asked ? (known.value.get(run.id) ?? run) : run]),
    );
    ready.value = true;
  }

  /** Newest first. */
  const list = computed(() => [...known.value.values()].sort((a, b) => b.createdAt - a.createdAt));
  const running = computed(() => list.value.find(({ state }) => state === 'running') ?? null);
  const byId = (id: string): RunSummary | null => known.value.get(id) ?? null;
  const ofProject = (project: string): RunSummary[] => list.value.filter((run) => run.project === project);

  /**
   * Takes in a new run that a call answered, before main tells of it. Of one that is known the notices alone are heard: an answer
   * may arrive after a notice that is newer.
   */
  function put(run: RunSummary): void {
    if (!known.value.has(run.id)) take(run);
  }
  function take(run: RunSummary): void {
    known.value.set(run.id, run);
    triggerRef(known);
  }

  useNotice('run', ({ run }) => {
    toldAt.set(run.id, (told += 1));
    take(run);
  });
  useNotice('changed', ({ noun }) => {
    if (noun === 'runs') void load().catch(() => undefined);
  });
  return { list, ready, running, byId, ofProject, put, load };
});
