import type { Api } from '../../preload/contract/api.ts';
import type { App } from '../app.ts';
import { adaptersApi } from './adapters.ts';
import { datasetsApi } from './datasets.ts';
import { filesApi } from './files.ts';
import { methodsApi } from './methods.ts';
import { modelsApi } from './models.ts';
import { playgroundApi } from './playground.ts';
import { projectsApi } from './projects.ts';
import { queueApi } from './queue.ts';
import { runsApi } from './runs.ts';
import { sampleApi } from './sample.ts';
import { systemApi } from './system.ts';
import { tasksApi } from './tasks.ts';

/** The contract over the services. Opens the records and lets the queue go; a noun that is missing has no services yet. */
export async function createApi(app: App): Promise<Partial<Api>> {
  const services = await app.open();
  services.manager.wake();
  return {
    adapters: adaptersApi(services),
    datasets: datasetsApi(services),
    files: filesApi(services),
    methods: methodsApi(services),
    models: modelsApi(services),
    playground: playgroundApi(services),
    projects: projectsApi(services),
    queue: queueApi(services),
    runs: runsApi(services),
    sample: sampleApi(services),
    system: systemApi(services),
    tasks: tasksApi(services),
  };
}
