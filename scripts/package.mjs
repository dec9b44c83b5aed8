// Makes the packages of electron-builder.yml for this platform: needs Electron's binary, which electron-builder fetches.
import path from 'node:path';
import { buildApp } from './app.mjs';
import { prepare } from './prepare.mjs';
import { orRefuse, Refusal } from './say.mjs';
import { nodeBinary, root, run } from './spawn.mjs';

await orRefuse(async () => {
  await prepare();
  await buildApp();
  const builder = path.join(root, 'node_modules', 'electron-builder', 'cli.js');
  const { status } = await run(nodeBinary, [builder, '--publish', 'never', ...process.argv.slice(2)]);
  if (status !== 0) throw new Refusal(`The packages could not be made (electron-builder ended with ${status}).`);
});
