import type { Api } from '../../preload/contract/api.ts';
import type { Services } from '../app.ts';

export const playgroundApi = ({ playground }: Services): Api['playground'] => ({
  generate: (request) => playground.generate(request),
  async cancel({ session }) {
    playground.cancel(session);
  },
});
