// Builds the window: main process, preload and screens; skips the work when no source has changed since the last build.
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { orRefuse, Refusal, say } from './say.mjs';
import { nodeBinary, root, run } from './spawn.mjs';

const SOURCES = ['main', 'preload', 'renderer', 'electron.vite.config.ts', 'package-lock.json'];
const stamp = path.join(root, 'out', '.built');

/** Brings out/ up to date. Throws a Refusal with the bundler's words when the build fails. */
export async function buildApp() {
  const print = fingerprint();
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === print) return;
  say('Building the window …');
  await step('main process and preload', ['electron-vite/bin/electron-vite.js', 'build', '--logLevel', 'warn']);
  await step('screens', ['vite/bin/vite.js', 'build', 'renderer', '--logLevel', 'warn']);
  mkdirSync(path.dirname(stamp), { recursive: true });
  writeFileSync(stamp, print);
}

async function step(what, [script, ...args]) {
  const { status, output } = await run(nodeBinary, [path.join(root, 'node_modules', script), ...args], {
    output: 'keep',
  });
  if (status !== 0)
    throw new Refusal(`The ${what} could not be built.`, output.trim().split('\n').slice(0, 12).join('\n'));
}

function fingerprint() {
  const hash = createHash('sha256');
  const visit = (file) => {
    const stats = statSync(file);
    if (!stats.isDirectory()) return hash.update(`${path.relative(root, file)} ${stats.size} ${stats.mtimeMs}\n`);
    for (const name of readdirSync(file).sort()) visit(path.join(file, name));
  };
  for (const source of SOURCES) visit(path.join(root, source));
  return hash.digest('hex');
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await orRefuse(buildApp);
