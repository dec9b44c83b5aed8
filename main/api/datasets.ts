import type { Api } from '../../preload/contract/api.ts';
import type { Services } from '../app.ts';

export const datasetsApi = ({ datasetLibrary, datasetViews, files }: Services): Api['datasets'] => ({
  async list() {
    return datasetLibrary.list();
  },
  async get({ id }) {
    return datasetLibrary.get(id);
  },
  async import({ handle, task }) {
    return datasetLibrary.import(files.open(handle, 'data'), task);
  },
  async refresh({ id, task }) {
    return datasetLibrary.refresh(id, task);
  },
  async update({ id, ...change }) {
    return datasetLibrary.update(id, change);
  },
  async remove({ id }) {
    datasetLibrary.remove(id);
  },
  async preview({ id, rendering, offset, count }) {
    return datasetViews.preview(id, rendering, offset, count);
  },
  async xray({ id, rendering, evaluation, task }) {
    return datasetViews.xray(id, rendering, evaluation, task);
  },
});
