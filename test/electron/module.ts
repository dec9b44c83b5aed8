// What the app gets when it imports `electron`. Each name and each member is one of Electron's; a test compares them.
export { app } from './app.ts';
export { BrowserWindow } from './browser-window.ts';
export { dialog, Notification, powerMonitor, powerSaveBlocker, screen, shell } from './desk.ts';
export { ipcMain } from './ipc-main.ts';
export { Menu } from './menu.ts';
export { nativeTheme } from './native-theme.ts';
export { protocol } from './protocol.ts';
export { safeStorage } from './safe-storage.ts';
export { session } from './session.ts';
export { utilityProcess } from './utility-process.ts';
export { webContents } from './web-contents.ts';
