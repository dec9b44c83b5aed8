import type { Api } from '../../preload/contract/api.ts';
import type { Services } from '../app.ts';

export const queueApi = ({ queue }: Services): Api['queue'] => ({
  async get() {
    return queue.get();
  },
  async move({ id, to }) {
    return queue.move(id, to);
  },
  async hold({ held }) {
    return queue.hold(held);
  },
  async setRules(rules) {
    return queue.setRules(rules);
  },
});
