import path from 'node:path';
import type { Api } from '../../preload/contract/api.ts';
import type { Services } from '../app.ts';
import { freeFolder } from '../services/gguf-models.ts';

export const modelsApi = ({
  modelLibrary,
  ggufModels,
  modelExports,
  templateSamples,
  models,
  planner,
  files,
  tasks,
}: Services): Api['models'] => {
  const folderOf = (handle: string | null): string | null => (handle === null ? null : files.open(handle, 'folder'));
  return {
    list: () => modelLibrary.list(),
    card: ({ id }) => modelLibrary.card(id),
    sample: ({ id }) => templateSamples.of(id),
    async add({ handle, task }) {
      const folder = files.open(handle, 'model');
      return tasks.run(task, `Checking ${path.basename(folder)}`, 'bytes', (progress, signal) =>
        modelLibrary.add(folder, progress, signal),
      );
    },
    async inspectGguf({ handle, folder, tokenizer }) {
      return ggufModels.inspect(files.open(handle, 'gguf'), folderOf(folder), folderOf(tokenizer));
    },
    async unpackGguf({ handle, folder, tokenizer, dtype, task }) {
      const file = files.open(handle, 'gguf');
      const output = freeFolder(file, folderOf(folder));
      const request = { file, output, tokenizer: folderOf(tokenizer), dtype };
      return tasks.run(task, `Unpacking ${path.basename(file)}`, 'tensors', (progress, signal) =>
        ggufModels.take(request, progress, signal),
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
  };
};
