import type { Mapping, Preview, Xray } from '../../preload/contract/datasets.ts';
import type { TemplateSample } from '../../preload/contract/models.ts';
import { openSource } from '../data/source.ts';
import { previewRows, type PreviewRequest } from './dataset-preview.ts';
import { checkRows, surveySource, type Survey } from './dataset-survey.ts';
import { xrayRows, type XrayRequest } from './dataset-xray.ts';
import type { Stages } from './data-stages.ts';
import { renderSample } from './template-samples.ts';
import { prepareRunData, type PreparedRunData, type RunDataRequest } from './run-preparation.ts';
import type { ProblemList } from '../store/datasets.ts';

/** Work on data by its name. Inputs and answers are plain values: they pass from one thread to another. */
export interface DataWork {
  runData: { input: RunDataRequest; answer: PreparedRunData };
  survey: { input: { path: string; mapping: Mapping | null }; answer: Survey };
  check: { input: { path: string; mapping: Mapping }; answer: ProblemList };
  preview: { input: PreviewRequest; answer: Preview };
  xray: { input: XrayRequest; answer: Xray };
  templateSample: { input: { folder: string }; answer: TemplateSample };
}

type Doers = { [K in keyof DataWork]: (input: DataWork[K]['input'], stages: Stages) => Promise<DataWork[K]['answer']> };

/** All that reads, tokenizes and packs data. It takes seconds to hours and holds its thread for long stretches. */
export const dataWork: Doers = {
  runData: (request, stages) => prepareRunData(request, stages),
  async survey({ path, mapping }, stages) {
    const source = openSource(path);
    return surveySource(source, mapping, stages.begin(null, 2 * source.bytes));
  },
  async check({ path, mapping }, stages) {
    const source = openSource(path);
    return checkRows(source, mapping, stages.begin(null, source.bytes));
  },
  preview: (request) => previewRows(request),
  xray: (request, stages) => xrayRows(request, stages),
  // Here because a template is a program of a stranger's, and a thread can be ended.
  templateSample: async ({ folder }) => renderSample(folder),
};
