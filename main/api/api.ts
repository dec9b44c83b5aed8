import type { Api } from '../../preload/contract/api.ts';
import type { App } from '../app.ts';
import { tasksApi } from './tasks.ts';

/** The contract over the services. Opens the records; a noun that is missing has no services yet. */
export async function createApi(app: App): Promise<Partial<Api>> {
  const services = await app.open();
  return {
    tasks: tasksApi(services),
  };
}
