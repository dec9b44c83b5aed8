import type { Api } from '../../preload/contract/api.ts';
import type { App } from '../app.ts';
import { projectsApi } from './projects.ts';
import { queueApi } from './queue.ts';
import { runsApi } from './runs.ts';
import { tasksApi } from './tasks.ts';

/** The contract over the services. Opens the records and lets the queue go; a noun that is missing has no services yet. */
export async function createApi(app: App): Promise<Partial<Api>> {
  const services = await app.open();
  services.manager.wake();
  return {
    projects: projectsApi(services),
    queue: queueApi(services),
    runs: runsApi(services) as Api['runs'],
    tasks: tasksApi(services),
  };
}
