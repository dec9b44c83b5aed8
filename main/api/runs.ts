import type { Api } from '../../preload/contract/api.ts';
import type { Services } from '../app.ts';
import { parseRunText, readRunFile } from '../services/run-file-text.ts';

export const runsApi = (services: Services): Api['runs'] => {
  const { files, store, records, summaries, details, launcher, manager, notices } = services;
  return {
    list: ({ project }) => summaries.list(project),
    get: ({ id }) => details.get(id),
    async events({ id, kinds }) {
      return store.events.list(records.find(id).id, kinds);
    },
    async series({ ids, keys, from, to, points }) {
      return ids.flatMap((run) =>
        keys.map((key) => ({ run, key, ...store.metrics.buckets(run, key, from, to, points) })),
      );
    },
    async parse({ text }) {
      return parseRunText(text, 'The text');
    },
    async read({ handle }) {
      return readRunFile(files.open(handle, 'run-file'));
    },
    plan: ({ draft }) => launcher.plan(draft),
    solve: ({ draft, budgetBytes }) => launcher.solve(draft, budgetBytes),
    async start({ draft, project, first }) {
      return summaries.one(await launcher.start(draft, project, first));
    },
    async pause({ id }) {
      manager.pause(id);
    },
    async resume({ id }) {
      manager.resume(id);
    },
    async checkpoint({ id }) {
      manager.checkpoint(id);
    },
    async stop({ id }) {
      manager.stop(id);
    },
    discard: ({ id }) => manager.discard(id),
    async update({ id, ...changes }) {
      records.annotate(id, changes);
      const run = await summaries.one(id);
      notices.publish({ topic: 'run', run });
      if (changes.project !== undefined) notices.publish({ topic: 'changed', noun: 'projects' });
      return run;
    },
    async remove({ ids, files: withFiles }) {
      manager.remove(ids, withFiles);
    },
    async fork({ id, step }) {
      return launcher.fork(id, step);
    },
    async reproduce({ id }) {
      return summaries.one(launcher.reproduce(id));
    },
    compare: ({ ids }) => services.comparison.compare(ids),
    answers: (request) => services.answers.ask(request),
    shareComparison: ({ ids, baseline, answers }) => services.share.share(ids, baseline, answers),
    report: ({ id }) => services.report.report(id),
  };
};
