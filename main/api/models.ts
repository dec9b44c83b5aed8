import path from 'node:path';
import type { Api } from '../../preload/contract/api.ts';
import type { Services } from '../app.ts';

export const modelsApi = ({
  modelLibrary,
  modelExports,
  templateSamples,
  models,
  planner,
  files,
  tasks,
}: Services): Api['models'] => ({
  list: () => modelLibrary.list(),
  card: ({ id }) => modelLibrary.card(id),
  sample: ({ id }) => templateSamples.of(id),
  async add({ handle, task }) {
    const folder = files.open(handle, 'model');
    return tasks.run(task, `Checking ${path.basename(folder)}`, 'bytes', (progress, signal) =>
      modelLibrary.add(folder, progress, signal),
    );
  },
  async rename({ id, name }) {
    return modelLibrary.rename(id, name);
  },
  async remove({ id, files: withFiles }) {
    modelLibrary.remove(id, withFiles);
    modelExports.forget(id);
  },
  async fits({ id, ...shape }) {
    const { record } = await models.resolve({ id }, undefined, (file) => file);
    return planner.fits(record, shape);
  },
});
