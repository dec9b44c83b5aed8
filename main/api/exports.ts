import type { Api } from '../../preload/contract/api.ts';
import type { Services } from '../app.ts';

export const exportsApi = ({ modelExports, modelLibrary, files, tasks }: Services): Api['exports'] => ({
  plan: ({ id, type }) => modelExports.plan(id, type),
  async gguf({ id, type, folder, task }) {
    const place = files.open(folder, 'folder');
    const { name } = await modelLibrary.card(id);
    const written = await tasks.run(task, `Exporting ${name} as ${type.toUpperCase()}`, 'tensors', (progress, signal) =>
      modelExports.write(id, type, place, progress, signal),
    );
    return { path: files.readable(written.path), receipt: written.receipt };
  },
  async list({ id }) {
    return modelExports.of(id, (file) => files.readable(file));
  },
});
