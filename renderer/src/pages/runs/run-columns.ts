import type { RunSummary } from '../../../../preload/contract/runs.ts';
import type { TableColumn } from '../../components/ui/columns.ts';
import { t } from '../../i18n.ts';

interface RunColumn extends TableColumn<RunSummary> {
  /** Width in CSS pixels; the name takes what is left. */
  pixels: number;
  /** What goes first where there is no room: the highest. Zero stays. */
  leaves: number;
}

const NAME_PIXELS = 230;
const CHECKBOX_PIXELS = 36;

function all(): RunColumn[] {
  return [
    { key: 'name', title: t('runs.column.name'), value: ({ name }) => name, pixels: NAME_PIXELS, leaves: 0 },
    {
      key: 'state',
      title: t('runs.column.state'),
      value: ({ state }) => t(`ui.state.${state}`),
      pixels: 112,
      leaves: 0,
    },
    {
      key: 'method',
      title: t('runs.column.method'),
      value: ({ methodTitle }) => methodTitle,
      pixels: 104,
      leaves: 3,
    },
    {
      key: 'data',
      title: t('runs.column.data'),
      value: ({ model, data }) => `${model} ${data}`,
      pixels: 190,
      leaves: 7,
    },
    {
      key: 'step',
      title: t('runs.column.step'),
      value: ({ step, steps }) => (steps > 0 ? step / steps : null),
      align: 'end',
      pixels: 108,
      leaves: 2,
    },
    { key: 'spark', title: t('runs.column.spark'), value: () => null, pixels: 112, leaves: 4, sortable: false },
    { key: 'loss', title: t('runs.column.loss'), value: ({ loss }) => loss, align: 'end', pixels: 80, leaves: 1 },
    {
      key: 'eval',
      title: t('runs.column.eval'),
      value: ({ evalLoss }) => evalLoss,
      align: 'end',
      pixels: 84,
      leaves: 0,
    },
    {
      key: 'peak',
      title: t('runs.column.peak'),
      value: ({ peakBytes, planBytes }) => peakBytes ?? planBytes,
      align: 'end',
      pixels: 90,
      leaves: 5,
    },
    {
      key: 'time',
      title: t('runs.column.time'),
      value: ({ seconds }) => seconds,
      align: 'end',
      pixels: 104,
      leaves: 6,
    },
    {
      key: 'created',
      title: t('runs.column.created'),
      value: ({ createdAt }) => createdAt,
      align: 'end',
      pixels: 128,
      leaves: 8,
    },
    {
      key: 'more',
      title: t('runs.column.more'),
      value: () => null,
      pixels: 48,
      leaves: 0,
      sortable: false,
      hideTitle: true,
    },
  ];
}

/** The table's columns in so many CSS pixels: a narrow window leaves out what a run's own page shows as well. */
export function runColumns(width: number, sortable: boolean): TableColumn<RunSummary>[] {
  let columns = all();
  const needed = (): number => columns.reduce((sum, { pixels }) => sum + pixels, CHECKBOX_PIXELS);
  while (needed() > width) {
    const first = Math.max(...columns.map(({ leaves }) => leaves));
    if (first === 0) break;
    columns = columns.filter(({ leaves }) => leaves !== first);
  }
  return columns.map(({ pixels, leaves: _, ...column }) => ({
    ...column,
    ...(column.key === 'name' ? {} : { width: `${pixels}px` }),
    sortable: sortable && column.sortable !== false,
  }));
}
