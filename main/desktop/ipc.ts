import { ipcMain, type BrowserWindow, type IpcMainInvokeEvent } from 'electron';
import type { Result } from '../../preload/contract/api.ts';
import { CHANNELS } from '../../preload/contract/channels.ts';
import { RankwiseError, reportOf } from '../../preload/contract/errors.ts';
import { dispatch } from '../api/dispatch.ts';
import type { Door } from '../api/door.ts';
import { APP_ORIGIN } from './app-protocol.ts';

/** Answers the window's calls, once the door is open. Only the top frame of our own page is heard. */
export function answerCalls(opening: Promise<Door>): void {
  handle(CHANNELS.call, async (noun, method, input) => dispatch((await opening).api, noun, method, input));
  handle(CHANNELS.admit, async (file) => {
    if (typeof file !== 'string' || file === '')
      throw new RankwiseError('E_FILE', 'What was dropped is no file of this machine.', 'Save it to the disk first.');
    return { ok: true, value: (await opening).app.files.admit(file) };
  });
}

/** Passes on to the window what the program tells. */
export function passNotices(door: Door, window: BrowserWindow): void {
  door.notices.subscribe((notice) => {
    if (!window.isDestroyed()) window.webContents.send(CHANNELS.notice, notice);
  });
}

function handle(channel: string, answer: (...input: unknown[]) => Promise<Result<unknown>>): void {
  ipcMain.handle(channel, async (event, ...input: unknown[]): Promise<Result<unknown>> => {
    try {
      if (!isOwnPage(event)) throw new RankwiseError('E_SENDER', 'Only the program’s own page may ask.');
      return await answer(...input);
    } catch (error) {
      return { ok: false, error: reportOf(error) };
    }
  });
}

// A frame that has navigated meanwhile is null and not answered.
function isOwnPage({ senderFrame }: IpcMainInvokeEvent): boolean {
  return senderFrame !== null && senderFrame.parent === null && senderFrame.origin === APP_ORIGIN;
}
