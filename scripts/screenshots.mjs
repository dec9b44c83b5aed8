// `npm run screenshots`: pictures of every screen in both themes under docs/screenshots, by the walk in test/e2e/screenshots.ts.
import path from 'node:path';
import { buildApp } from './app.mjs';
import { prepare } from './prepare.mjs';
import { orRefuse } from './say.mjs';
import { become, nodeBinary, root } from './spawn.mjs';

await orRefuse(async () => {
  await prepare();
  await buildApp();
});
become(nodeBinary, [path.join(root, 'test', 'e2e', 'screenshots.ts')]);
