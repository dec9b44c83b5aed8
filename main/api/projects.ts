import type { Api } from '../../preload/contract/api.ts';
import type { Services } from '../app.ts';

export const projectsApi = ({ projects }: Services): Api['projects'] => ({
  list: () => projects.list(),
  create: async ({ name }) => projects.create(name),
  rename: async ({ id, name }) => projects.rename(id, name),
  async remove({ id, files }) {
    projects.remove(id, files);
  },
});
