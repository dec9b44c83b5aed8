// `npm run test:gguf`: llama.cpp itself on the GGUF files that are written here. It is installed apart (test/oracle-gguf), since it is
// large and nothing else needs it.
import { existsSync } from 'node:fs';
import path from 'node:path';
import { prepare } from './prepare.mjs';
import { orRefuse, Refusal } from './say.mjs';
import { nodeBinary, projectEnv, root, run, systemEnv } from './spawn.mjs';

const folder = path.join(root, 'test', 'oracle-gguf');

await orRefuse(async () => {
  await prepare({});
  if (!existsSync(path.join(folder, 'node_modules', 'node-llama-cpp'))) {
    // No lock file: one that leaves out the libraries of other systems is not taken by npm ci.
    const args = ['install', '--no-package-lock', '--omit=optional', '--ignore-scripts', '--no-audit', '--no-fund'];
    const { status } = await run('npm', args, { cwd: folder, env: systemEnv(), output: 'stderr' });
    if (status !== 0) throw new Refusal('llama.cpp could not be installed.', 'The package registry must be reachable.');
  }
  const { status } = await run(nodeBinary, [path.join(folder, 'oracle.mjs')], { env: projectEnv() });
  process.exitCode = status;
});
