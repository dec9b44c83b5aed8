// Becomes Node with the stand-in loaded and the app's main script as its program.
import { readFileSync, statSync } from 'node:fs';
import path from 'node:path';

const args = process.argv.slice(2);
const nodeOptions = ['--import', path.join(import.meta.dirname, 'hooks.ts')];
const switches: string[] = [];
while (args[0]?.startsWith('-')) {
  const option = args.shift()!;
  if (option === '-r' || option === '--require') nodeOptions.push('-r', args.shift()!);
  else if (option.startsWith('--inspect')) nodeOptions.push(option);
  else switches.push(option);
}

const target = path.resolve(args.shift() ?? '.');
const isFolder = statSync(target).isDirectory();
const appPath = isFolder ? target : path.dirname(target);
const main = isFolder ? path.join(target, mainOf(target)) : target;
// Electron takes the switches that follow the app, too.
switches.push(...args.filter((each) => each.startsWith('--')));

process.execve!(process.execPath, [process.execPath, ...nodeOptions, main, ...args], {
  ...process.env,
  STANDIN_APP_PATH: appPath,
  STANDIN_SWITCHES: JSON.stringify(switches),
});

function mainOf(folder: string): string {
  const { main: script } = JSON.parse(readFileSync(path.join(folder, 'package.json'), 'utf8')) as { main?: string };
  return script ?? 'index.js';
}
