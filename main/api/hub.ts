import type { Api } from '../../preload/contract/api.ts';
import type { Services } from '../app.ts';

/** What takes a moment and no task ends by itself: a hub that is silent is given up. */
const unstopped = (): AbortSignal => new AbortController().signal;

export const hubApi = ({ hub, hubConnections, tasks, files }: Services): Api['hub'] => ({
  connection: () => hubConnections.current(),
  async keepToken({ token }) {
    await hubConnections.keepToken(token);
    return hubConnections.current();
  },
  async forgetToken() {
    hubConnections.forgetToken();
    return hubConnections.current();
  },
  search: ({ words }) => hub.search(words, undefined, unstopped()),
  inspect: ({ repository, revision, ...shape }) =>
    hub.inspect({ repository, revision }, { ...shape, budgetBytes: null }, unstopped()),
  download: ({ repository, revision, task }) =>
    tasks.run(task, `Downloading ${repository}`, 'bytes', (progress, signal) =>
      hub.download({ repository, revision }, progress, signal),
    ),
  async unfinished() {
    const list = await hub.unfinished();
    return list.map((each) => ({ ...each, output: each.output && files.readable(each.output) }));
  },
  async resume({ id, task }) {
    const { repository } = hub.begun(id);
    return tasks.run(task, `Downloading ${repository}`, 'bytes', (progress, signal) =>
      hub.resume(id, progress, signal),
    );
  },
  discard: ({ id }) => hub.discard(id),
});
