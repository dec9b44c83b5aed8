// Electron's own program: fetched when the window is first opened, since it is of no use to whoever has no display.
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { say } from './say.mjs';
import { nodeBinary, root, run } from './spawn.mjs';

const folder = path.join(root, 'node_modules', 'electron');

/** Why no window can be opened here, in words; undefined where one can. */
export function windowObstacle(env = process.env) {
  if (!env.DISPLAY && !env.WAYLAND_DISPLAY) return 'There is no display here';
  if (process.getuid?.() === 0) return 'The window’s sandbox does not run as root';
  return undefined;
}

/** Path of Electron's program, fetched by its own installer where it is missing; undefined where it cannot be had. */
export async function electronProgram() {
  if (installed() === undefined) {
    say('Fetching Electron (once, about 120 MB) …');
    await run(nodeBinary, [path.join(folder, 'install.js')], { output: 'keep' });
  }
  return installed();
}

function installed() {
  const name = path.join(folder, 'path.txt');
  if (!existsSync(name)) return undefined;
  const program = path.join(folder, 'dist', readFileSync(name, 'utf8'));
  return existsSync(program) ? program : undefined;
}
