import { app, Menu, type MenuItemConstructorOptions } from 'electron';
import type { Command } from '../../preload/contract/notices.ts';
import { words } from './words.ts';

/** Sets the application's menu: what it commands is done by the screens. */
export function setMenu(tell: (command: Command) => void): void {
  const say = words.menu;
  const command = (label: string, name: Command, accelerator?: string): MenuItemConstructorOptions => ({
    label,
    accelerator,
    id: name,
    click: () => tell(name),
  });
  const line: MenuItemConstructorOptions = { type: 'separator' };
  const template: MenuItemConstructorOptions[] = [
    {
      label: say.file,
      submenu: [
        command(say.newRun, 'new-run', 'CmdOrCtrl+N'),
        command(say.newProject, 'new-project', 'CmdOrCtrl+Shift+N'),
        line,
        command(say.importData, 'import-data', 'CmdOrCtrl+O'),
        command(say.addModel, 'add-model', 'CmdOrCtrl+Shift+O'),
        command(say.downloadModel, 'download-model'),
        line,
        command(say.settings, 'settings', 'CmdOrCtrl+,'),
        line,
        { role: 'close' },
        { role: 'quit' },
      ],
    },
    {
      label: say.edit,
      submenu: [
        { role: 'undo' },
        { role: 'redo' },
        line,
        { role: 'cut' },
        { role: 'copy' },
        { role: 'paste' },
        { role: 'selectAll' },
        line,
        command(say.find, 'find', 'CmdOrCtrl+F'),
      ],
    },
    {
      label: say.view,
      submenu: [
        command(say.home, 'go-home', 'CmdOrCtrl+1'),
        command(say.runs, 'go-runs', 'CmdOrCtrl+2'),
        command(say.compare, 'go-compare', 'CmdOrCtrl+3'),
        line,
        command(say.theme, 'toggle-theme', 'CmdOrCtrl+Shift+L'),
        { role: 'resetZoom' },
        { role: 'zoomIn' },
        { role: 'zoomOut' },
        { role: 'togglefullscreen' },
        ...(app.isPackaged ? [] : ([line, { role: 'reload' }, { role: 'toggleDevTools' }] as const)),
      ],
    },
    { label: say.help, submenu: [command(say.shortcuts, 'shortcuts', 'F1')] },
  ];
  Menu.setApplicationMenu(Menu.buildFromTemplate(template));
}
