// Desktop entry.
import { mkdirSync } from 'node:fs';
import path from 'node:path';
import { app } from 'electron';
import { registerAppScheme } from './desktop/app-protocol.ts';
import { startDesktop } from './desktop/desktop.ts';
import { resolvePaths } from './paths.ts';

const paths = resolvePaths();
// Chromium's own files lie in the program's folder, and with them the lock of the single instance: one window a home.
const profile = path.join(paths.home, 'window');
mkdirSync(profile, { recursive: true });
app.setPath('userData', profile);
app.enableSandbox();
registerAppScheme();

if (app.requestSingleInstanceLock()) {
  void app.whenReady().then(() => startDesktop(paths));
} else {
  app.quit();
}
