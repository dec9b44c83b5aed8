import type { Api } from '../../preload/contract/api.ts';
import { RankwiseError } from '../../preload/contract/errors.ts';
import type { Services } from '../app.ts';
import { paperOf } from '../services/links.ts';

export const systemApi = (services: Services): Api['system'] => {
  const { system, settings, storage, rescan, tasks, desk, methods, files, recovered } = services;
  return {
    async info() {
      const info = await system.info(settings.budgetBytes());
      const damaged = recovered?.damaged ?? null;
      return {
        ...info,
        recovered: recovered && { ...recovered, damaged: damaged === null ? null : files.readable(damaged) },
      };
    },
    async settings() {
      return settings.get();
    },
    async change(change) {
      return settings.change(change);
    },
    async storage() {
      return storage.use();
    },
    async clean({ what }) {
      return storage.clean(what);
    },
    selftest: ({ task }) =>
      tasks.run(task, 'Checking every operation of the engine', 'steps', (_progress, signal) =>
        system.selftest(signal),
      ),
    rescan: ({ task }) =>
      tasks.run(task, 'Looking for runs, data, models and adapters', 'steps', (progress, signal) =>
        rescan.rescan(progress, signal),
      ),
    async close({ choice, remember }) {
      // First what is kept: the answer may end the program.
      if (remember && choice !== 'stay') settings.change({ onClose: choice });
      await desk.answerClosing(choice);
    },
    async openLink({ link, name }) {
      if (link !== 'method') throw new RankwiseError('E_LINK', 'The program has no page of its own yet.');
      await desk.openLink(paperOf(name, await methods.registry()));
    },
  };
};
