import type { Api } from '../../preload/contract/api.ts';
import type { App, Services } from '../app.ts';
import { adaptersApi } from './adapters.ts';
import { datasetsApi } from './datasets.ts';
import { exportsApi } from './exports.ts';
import { filesApi } from './files.ts';
import { hubApi } from './hub.ts';
import { methodsApi } from './methods.ts';
import { modelsApi } from './models.ts';
import { playgroundApi } from './playground.ts';
import { projectsApi } from './projects.ts';
import { queueApi } from './queue.ts';
import { runsApi } from './runs.ts';
import { sampleApi } from './sample.ts';
import { systemApi } from './system.ts';
import { tasksApi } from './tasks.ts';

/** The contract over the services. Opens the records and lets the queue go. */
export async function createApi(app: App): Promise<Api> {
  const services = await app.open();
  services.manager.wake();
  if (services.recovered !== null || services.rescan.isBehind()) void recover(services);
  return {
    adapters: adaptersApi(services),
    datasets: datasetsApi(services),
    exports: exportsApi(services),
    files: filesApi(services),
    hub: hubApi(services),
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

/** Goes on beside everything else; what comes of it is told as a task. */
async function recover({ tasks, rescan }: Services): Promise<void> {
  const work = tasks.run('recovery', 'Taking in what lies in the library’s folders', 'steps', (progress, signal) =>
    rescan.rescan(progress, signal),
  );
  await work.catch(() => undefined);
}
