// `npm start`: from a fresh clone to the window, or to the same screens in a browser where no window can be opened.
import path from 'node:path';
import { buildApp } from './app.mjs';
import { electronProgram, windowObstacle } from './electron.mjs';
import { prepare } from './prepare.mjs';
import { orRefuse, say } from './say.mjs';
import { become, nodeBinary, root } from './spawn.mjs';

const obstacle = await orRefuse(async () => {
  await prepare();
  await buildApp();
  return windowObstacle();
});
const program = obstacle === undefined ? await electronProgram() : undefined;
if (program) {
  become(program, [root, ...process.argv.slice(2)], { cwd: root });
} else {
  say(`${obstacle ?? 'Electron could not be fetched'}: Rankwise shows its screens in a browser instead.`);
  become(nodeBinary, [path.join(root, 'main', 'cli.ts'), 'serve', '--open', ...process.argv.slice(2)], { cwd: root });
}
