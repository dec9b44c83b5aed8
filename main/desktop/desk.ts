import { dialog, shell, type BrowserWindow, type FileFilter, type OpenDialogOptions } from 'electron';
import type { PickPurpose } from '../../preload/contract/files.ts';
import { RankwiseError } from '../../preload/contract/errors.ts';
import type { Desk } from '../services/desk.ts';
import { desktopKeyStore } from './key-store.ts';
import { words } from './words.ts';

/** Hosts that the program's own links lead to. */
const LINKED_HOSTS = new Set(['github.com', 'arxiv.org', 'doi.org', 'openreview.net', 'huggingface.co']);

const ALL: FileFilter = { name: words.allFiles, extensions: ['*'] };
const DATA: FileFilter = {
  name: words.dataFiles,
  extensions: ['jsonl', 'ndjson', 'json', 'csv', 'tsv', 'parquet', 'txt', 'md', 'safetensors'],
};

const WANTED: Record<PickPurpose, Pick<OpenDialogOptions, 'properties' | 'filters'>> = {
  data: { properties: ['openFile'], filters: [DATA, ALL] },
  model: { properties: ['openDirectory'] },
  gguf: { properties: ['openFile'], filters: [{ name: words.ggufFiles, extensions: ['gguf'] }, ALL] },
  adapter: { properties: ['openDirectory'] },
  'run-file': { properties: ['openFile'], filters: [{ name: words.runFiles, extensions: ['json'] }, ALL] },
  folder: { properties: ['openDirectory', 'createDirectory'] },
};

/** The desktop's dialogs, file manager and browser. @param window that the dialogs belong to */
export function desktopDesk(window: () => BrowserWindow, answerClosing: Desk['answerClosing']): Desk {
  return {
    async pick(purpose) {
      const { filePaths } = await dialog.showOpenDialog(window(), { title: words.pick[purpose], ...WANTED[purpose] });
      return filePaths[0] ?? null;
    },
    async saveAs(name) {
      const { filePath, canceled } = await dialog.showSaveDialog(window(), { title: words.save, defaultPath: name });
      return canceled || !filePath ? null : filePath;
    },
    reveal: (file) => shell.showItemInFolder(file),
    async openLink(address) {
      const url = URL.parse(address);
      if (url?.protocol !== 'https:' || !LINKED_HOSTS.has(url.host))
        throw new RankwiseError('E_LINK', `Rankwise does not open ${address}.`);
      await shell.openExternal(url.href);
    },
    answerClosing,
    keyStore: desktopKeyStore,
    versions: { electron: process.versions.electron ?? null, chromium: process.versions.chrome ?? null },
  };
}
