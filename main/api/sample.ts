import type { Api } from '../../preload/contract/api.ts';
import type { Services } from '../app.ts';

export const sampleApi = ({ sample }: Services): Api['sample'] => ({
  start: () => sample.start(),
});
