// Makes a fresh clone ready: packages of npm, packages of the system, the engine. Does nothing when nothing is missing.
import { existsSync, statSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from './native.mjs';
import { orRefuse, Refusal, say } from './say.mjs';
import { nodeBinary, root, run, systemEnv } from './spawn.mjs';
import { checkMachine, ensurePackages } from './system.mjs';

/** Installs and builds what is missing. `tests` builds the native tests too. */
export async function prepare({ tests = false } = {}) {
  checkMachine();
  await installModules();
  if (!process.env.RANKWISE_ENGINE) {
    await ensurePackages();
    await build('engine', tests ? 'all' : 'rankwise_engine');
  }
}

async function installModules() {
  const installed = statSync(path.join(root, 'node_modules', '.package-lock.json'), { throwIfNoEntry: false });
  const wanted = statSync(path.join(root, 'package-lock.json'));
  if (installed && installed.mtimeMs >= wanted.mtimeMs && existsSync(nodeBinary)) return;
  say('Installing packages (npm ci) …');
  const { status, output } = await run('npm', ['ci', '--no-audit', '--no-fund', '--loglevel=error'], {
    output: 'keep',
    env: systemEnv(),
  });
  if (status === 0 && existsSync(nodeBinary)) return;
  const offline = /ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ETIMEDOUT|ENETUNREACH|network/i.test(output);
  throw new Refusal(
    offline
      ? 'The packages could not be fetched: the npm registry cannot be reached.'
      : `npm ci failed with status ${status}.`,
    offline
      ? 'Connect to the network once (or set npm’s registry to a mirror) and start again.'
      : output.trim().split('\n').slice(0, 8).join('\n'),
  );
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await orRefuse(() => prepare());
