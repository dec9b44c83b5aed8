import path from 'node:path';
import type { Api } from '../../preload/contract/api.ts';
import type { Services } from '../app.ts';

export const adaptersApi = ({ adapterLibrary, bake, files, tasks }: Services): Api['adapters'] => ({
  async list() {
    return adapterLibrary.list();
  },
  async import({ handle, base, task }) {
    const folder = files.open(handle, 'adapter');
    return tasks.run(task, `Importing ${path.basename(folder)}`, 'bytes', (progress, signal) =>
      adapterLibrary.import(folder, base, progress, signal),
    );
  },
  async export({ id, folder, task }) {
    const { name } = adapterLibrary.get(id);
    const place = files.open(folder, 'folder');
    const exported = await tasks.run(task, `Exporting ${name}`, 'bytes', (progress, signal) =>
      adapterLibrary.export(id, place, progress, signal),
    );
    return { path: files.readable(exported) };
  },
  async bake({ task, ...request }) {
    const { name } = adapterLibrary.get(request.id);
    return tasks.run(task, `Baking ${name} into ${request.name}`, 'tensors', (progress, signal) =>
      bake.bake(request, progress, signal),
    );
  },
  async rename({ id, name }) {
    return adapterLibrary.rename(id, name);
  },
  async remove({ id, files: withFiles }) {
    adapterLibrary.remove(id, withFiles);
  },
  norms: ({ id }) => adapterLibrary.norms(id),
});
