import type { RunState, RunSummary } from '../../../../preload/contract/runs.ts';

/** What of the runs is shown; empty = everything. */
export interface RunFilter {
  text: string;
  project: string;
  state: RunState | '';
  tag: string;
  method: string;
}

export const NO_FILTER: RunFilter = { text: '', project: '', state: '', tag: '', method: '' };

const plainText = (text: string): string => text.normalize('NFKD').replace(/\p{M}/gu, '').toLowerCase();

/** Runs that fit, pinned ones first, otherwise in their order. Every word of the text must occur somewhere in what a run is called by. */
export function filtered(runs: readonly RunSummary[], filter: RunFilter): RunSummary[] {
  const words = plainText(filter.text).split(/\s+/).filter(Boolean);
  const fits = (run: RunSummary): boolean => {
    if (filter.project && run.project !== filter.project) return false;
    if (filter.state && run.state !== filter.state) return false;
    if (filter.method && run.method !== filter.method) return false;
    if (filter.tag && !run.tags.includes(filter.tag)) return false;
    if (words.length === 0) return true;
    const { name, methodTitle, model, data, tags, note } = run;
    const all = plainText([name, methodTitle, model, data, ...tags, note].join('\n'));
    return words.every((word) => all.includes(word));
  };
  const shown = runs.filter(fits);
  return [...shown.filter(({ pinned }) => pinned), ...shown.filter(({ pinned }) => !pinned)];
}

export const isFiltered = (filter: RunFilter): boolean => Object.values(filter).some((value) => value !== '');

/** What can be filtered by: the values that occur, each once. */
export function facetsOf(runs: readonly RunSummary[]): {
  states: RunState[];
  tags: string[];
  methods: { name: string; title: string }[];
} {
  const titles = new Map(runs.map(({ method, methodTitle }) => [method, methodTitle]));
  return {
    states: [...new Set(runs.map(({ state }) => state))],
    tags: [...new Set(runs.flatMap(({ tags }) => tags))].sort((a, b) => a.localeCompare(b)),
    methods: [...titles].map(([name, title]) => ({ name, title })).sort((a, b) => a.title.localeCompare(b.title)),
  };
}

/** The filter as an address carries it, and back; what is not set is left out. */
export const filterQuery = (filter: RunFilter): Record<string, string> =>
  Object.fromEntries(Object.entries(filter).filter(([, value]) => value !== ''));

export function filterOf(query: Record<string, unknown>): RunFilter {
  const text = (key: keyof RunFilter): string => (typeof query[key] === 'string' ? query[key] : '');
  return {
    text: text('text'),
    project: text('project'),
    state: text('state') as RunFilter['state'],
    tag: text('tag'),
    method: text('method'),
  };
}
