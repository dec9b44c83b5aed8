// Before a package is made: writes down the hashes of the native files that will lie outside its archive. The archive is protected by
// Electron's own check, so the app can trust what it finds in there.
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { root } from './spawn.mjs';

const ARCHITECTURES = { 1: 'x64', 3: 'arm64' };

/** electron-builder's hook. @param context its description of the package */
export default function beforePack({ electronPlatformName, arch }) {
  const database = `node_modules/better-sqlite3/prebuilds/${electronPlatformName}-${ARCHITECTURES[arch]}.node`;
  const files = {
    'engine/rankwise_engine.node': 'build/native/rankwise_engine.node',
    'engine/librankwise_cuda.so': 'build/native/librankwise_cuda.so',
    'engine/rankwise_cuda.dll': 'build/native/rankwise_cuda.dll',
    [`app.asar.unpacked/${database}`]: database,
  };
  const hashes = Object.entries(files)
    .filter(([, source]) => existsSync(path.join(root, source)))
    .map(([place, source]) => [
      place,
      createHash('sha256')
        .update(readFileSync(path.join(root, source)))
        .digest('hex'),
    ]);
  writeFileSync(path.join(root, 'out', 'native-hashes.json'), JSON.stringify(Object.fromEntries(hashes), null, 2));
}
