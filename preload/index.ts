// Runs before the page in the desktop's sandbox: the page gets named functions, never the IPC itself.
import { contextBridge, ipcRenderer, webUtils, type IpcRendererEvent } from 'electron';
import type { Bridge, Result } from './contract/api.ts';
import { callsOver } from './contract/calls.ts';
import { CHANNELS } from './contract/channels.ts';
import type { PickedFile } from './contract/files.ts';
import type { Notice } from './contract/notices.ts';

const bridge: Bridge = {
  door: 'desktop',
  api: callsOver(
    (noun, method, input) => ipcRenderer.invoke(CHANNELS.call, noun, method, input) as Promise<Result<unknown>>,
  ),
  // The path comes from the browser's own record of the dropped file: a page cannot make one up.
  admit: (file) => ipcRenderer.invoke(CHANNELS.admit, webUtils.getPathForFile(file)) as Promise<Result<PickedFile>>,
  listen(listener) {
    const pass = (_event: IpcRendererEvent, notice: Notice): void => listener(notice);
    ipcRenderer.on(CHANNELS.notice, pass);
    return () => void ipcRenderer.off(CHANNELS.notice, pass);
  },
};

contextBridge.exposeInMainWorld('rankwise', bridge);
