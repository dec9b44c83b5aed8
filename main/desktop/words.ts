import type { PickPurpose } from '../../preload/contract/files.ts';

/** What the shell says in its own name: menu, dialogs, notifications. The screens have their own words. */
export const words = {
  menu: {
    file: '&File',
    edit: '&Edit',
    view: '&View',
    help: '&Help',
    newRun: 'New run…',
    newProject: 'New project…',
    importData: 'Import data…',
    addModel: 'Add a model…',
    downloadModel: 'Download a model…',
    settings: 'Settings',
    find: 'Find',
    home: 'Home',
    runs: 'Runs',
    compare: 'Compare',
    theme: 'Switch between light and dark',
    shortcuts: 'Keyboard shortcuts',
  },
  pick: {
    data: 'Choose a data file',
    model: 'Choose a model folder (with config.json)',
    adapter: 'Choose an adapter folder (with adapter_config.json)',
    'run-file': 'Choose a run file',
    folder: 'Choose a folder',
  } satisfies Record<PickPurpose, string>,
  dataFiles: 'Data files',
  runFiles: 'Run files',
  allFiles: 'All files',
  save: 'Save as',
  cannotStart: 'Rankwise cannot start',
  finished: (run: string) => `${run} is finished`,
  failed: (run: string) => `${run} has failed`,
  interrupted: (run: string) => `${run} was interrupted`,
  finalLoss: (loss: string) => `Loss ${loss}`,
};
