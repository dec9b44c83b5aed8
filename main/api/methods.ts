import type { Api } from '../../preload/contract/api.ts';
import type { Services } from '../app.ts';

export const methodsApi = ({ methods }: Services): Api['methods'] => ({
  registry: () => methods.registry(),
});
