import type { Api } from '../../preload/contract/api.ts';
import type { Services } from '../app.ts';

export const tasksApi = ({ tasks }: Services): Api['tasks'] => ({
  async list() {
    return tasks.list();
  },
  async cancel({ id }) {
    tasks.cancel(id);
  },
});
