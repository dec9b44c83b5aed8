import { spawn, spawnSync } from 'node:child_process';
import { constants } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..');
/** Node 24 of node_modules: everything after the preparation runs on it. */
export const nodeBinary = path.join(root, 'node_modules', '.bin', 'node');

const ownBin = path.join(root, 'node_modules', '.bin');

/** The environment with node_modules/.bin first on PATH, so that `node` is the project's own. */
export function projectEnv(extra = {}) {
  return { ...process.env, PATH: `${ownBin}${path.delimiter}${process.env.PATH ?? ''}`, ...extra };
}

/** The environment without any node_modules/.bin: npm must not run on the Node that it is about to replace. */
export function systemEnv(extra = {}) {
  const kept = (process.env.PATH ?? '')
    .split(path.delimiter)
    .filter((dir) => !dir.endsWith(path.join('node_modules', '.bin')));
  return { ...process.env, PATH: kept.join(path.delimiter), ...extra };
}

/** Whether a program is on PATH and answers `--version`. */
export function answers(program, args = ['--version']) {
  return spawnSync(program, args, { stdio: 'ignore' }).status === 0;
}

/**
 * Runs a program to its end. `output`: "inherit" shows it, "stderr" sends both streams to standard error, "keep" collects it.
 * Resolves to {status, signal, output}.
 */
export function run(program, args, { output = 'inherit', env = projectEnv(), cwd = root, onLine } = {}) {
  return new Promise((resolve) => {
    const stdio = {
      inherit: ['ignore', 'inherit', 'inherit'],
      stderr: ['ignore', 2, 2],
      keep: ['ignore', 'pipe', 'pipe'],
    }[output];
    const child = spawn(program, args, { cwd, env, stdio });
    let kept = '';
    let rest = '';
    const take = (chunk) => {
      kept += chunk;
      rest += chunk;
      const lines = rest.split('\n');
      rest = lines.pop() ?? '';
      for (const line of lines) onLine?.(line);
    };
    child.stdout?.setEncoding('utf8').on('data', take);
    child.stderr?.setEncoding('utf8').on('data', take);
    child.on('error', (error) => resolve({ status: 127, signal: null, output: `${kept}${error.message}\n` }));
    child.on('close', (status, signal) => {
      if (rest) onLine?.(rest);
      resolve({ status: status ?? 1, signal, output: kept });
    });
  });
}

/**
 * Becomes a program: its streams, its exit status, and the signals that reach this process. (A terminal's Ctrl-C arrives
 * several times: through the group, through npm, through here. The command line takes what comes at once for one signal.)
 */
export function become(program, args, { cwd = process.cwd(), env = projectEnv() } = {}) {
  const child = spawn(program, args, { cwd, env, stdio: 'inherit' });
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal));
  if (process.env.npm_lifecycle_event) endWithParent(child);
  child.on('error', (error) => {
    process.stderr.write(`${error.message}\n`);
    process.exit(1);
  });
  child.on('exit', (status, signal) => {
    if (signal) process.exit(128 + (constants.signals[signal] ?? 0));
    process.exit(status ?? 1);
  });
}

// npm that is killed outright cannot pass anything on, and nobody would see what goes on after it.
function endWithParent(child) {
  const parent = process.ppid;
  setInterval(() => process.ppid !== parent && child.kill('SIGTERM'), 500).unref();
}
