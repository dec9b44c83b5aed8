import path from 'node:path';
import { app as electron, dialog, nativeTheme, session } from 'electron';
import { reportOf } from '../../preload/contract/errors.ts';
import { openDoor, type Door } from '../api/door.ts';
import { engineEntry, preloads, screens, sealedFiles, type Paths } from '../paths.ts';
import { serveAppScheme } from './app-protocol.ts';
import { desktopDesk } from './desk.ts';
import { utilityEngine } from './engine-launcher.ts';
import { answerCalls, passNotices } from './ipc.ts';
import { Leaving } from './leaving.ts';
import { lockDown } from './lockdown.ts';
import { setMenu } from './menu.ts';
import { checkSealed } from './sealed-files.ts';
import { tellRunEnd } from './run-news.ts';
import { Training } from './training.ts';
import { Wakefulness } from './wakefulness.ts';
import { openWindow, showWindow } from './window.ts';
import { words } from './words.ts';

/** Opens the window, and the records behind it at the same time. The app is ready. */
export async function startDesktop(paths: Paths): Promise<void> {
  lockDown(session.defaultSession);
  serveAppScheme(screens);
  const opening = Promise.withResolvers<Door>();
  answerCalls(opening.promise);
  const window = openWindow(preloads.desktop, path.join(paths.home, 'window.json'));
  const show = (): void => showWindow(window);
  const leaving = new Leaving(window, opening.promise);
  electron.on('second-instance', show);
  try {
    if (sealedFiles) {
      checkSealed(sealedFiles.folder, sealedFiles.hashes);
      // Only what was checked is loaded.
      delete process.env.RANKWISE_CUDA_LIBRARY;
    }
    const desk = desktopDesk(
      () => window,
      (choice) => leaving.answer(choice),
    );
    const door = await openDoor(paths, utilityEngine(engineEntry, paths.addon), desk);
    opening.resolve(door);
    passNotices(door, window);
    setMenu((command) => {
      show();
      door.notices.publish({ topic: 'command', command });
    });
    await followRuns(door, () => window.isFocused(), show);
  } catch (error) {
    // Without records there is nothing to show: what the user can do about it is said, and that is all.
    const { message, hint } = reportOf(error);
    dialog.showErrorBox(words.cannotStart, [message, hint].join('\n\n').trim());
    electron.exit(1);
  }
}

/** Theme, wakefulness and notifications, as the settings have them. */
async function followRuns({ app, notices }: Door, isWatched: () => boolean, show: () => void): Promise<void> {
  const { settings: service } = await app.open();
  let settings = service.get();
  const wakefulness = new Wakefulness(settings.keepAwake);
  nativeTheme.themeSource = settings.theme;
  notices.subscribe((notice) => {
    if (notice.topic !== 'settings') return;
    settings = notice.settings;
    nativeTheme.themeSource = settings.theme;
    wakefulness.setWanted(settings.keepAwake);
  });
  new Training(
    notices,
    (training) => wakefulness.setTraining(training),
    (run) => {
      if (settings.notifications && !isWatched()) tellRunEnd(run, show);
    },
  );
}
