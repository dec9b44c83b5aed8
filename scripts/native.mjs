// Builds the engine with CMake; skips the work when no source has changed since the last build.
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { answers, root, run } from './spawn.mjs';
import { Refusal, say } from './say.mjs';

export const BUILDS = {
  engine: { folder: 'build/native', options: ['-DCMAKE_BUILD_TYPE=Release'] },
  // -O1: the kernels at -O3 under sanitizers take minutes to compile and find nothing more.
  sanitize: {
    folder: 'build/sanitize',
    options: [
      '-DCMAKE_BUILD_TYPE=Sanitize',
      '-DCMAKE_CXX_FLAGS_SANITIZE=-O1',
      '-DRANKWISE_SANITIZE=ON',
      '-DRANKWISE_ADDON=OFF',
    ],
  },
  cuda: { folder: 'build/cuda', source: 'native/cuda', options: ['-DCMAKE_BUILD_TYPE=Release'] },
};

const PROGRESS = {
  engine: 'Building the engine (a few minutes the first time) …',
  sanitize: 'Building the engine with sanitizers …',
  cuda: 'Building the CUDA library for all cards (minutes the first time) …',
};

/** Path of the addon that `build("engine", "rankwise_engine")` makes. */
export const addonPath = path.join(root, 'build', 'native', 'rankwise_engine.node');

/**
 * Brings one CMake target ("rankwise_engine", "all" with the tests, "emulated" with the CUDA backend on the CPU) up to date. Progress
 * goes to standard error. Throws a Refusal with the compiler's last lines when the build fails.
 */
export async function build(name, target, moreOptions = []) {
  const { folder, source = 'native', options } = BUILDS[name];
  const binary = path.join(root, folder);
  mkdirSync(binary, { recursive: true });
  const print = fingerprint();
  const stamp = path.join(binary, `.built-${target}`);
  const upToDate = () => existsSync(stamp) && readFileSync(stamp, 'utf8') === print;
  if (upToDate()) return;
  await withLock(path.join(binary, '.building'), async () => {
    if (upToDate()) return;
    say(PROGRESS[name]);
    const generator = existsSync(path.join(binary, 'CMakeCache.txt'))
      ? []
      : answers('ninja')
        ? ['-G', 'Ninja']
        : ['-G', 'Unix Makefiles'];
    await step('cmake', ['-S', path.join(root, source), '-B', binary, ...generator, ...options, ...moreOptions]);
    await step('cmake', ['--build', binary, '--target', target, '--parallel', String(jobs())]);
    writeFileSync(stamp, print);
  });
}

// Two cores and two gigabytes a compiler are what the build is sized for.
function jobs() {
  const memory = Number(/MemAvailable:\s+(\d+)/.exec(readFileSync('/proc/meminfo', 'utf8'))?.[1] ?? 4e6) / 1e6;
  const cores = readFileSync('/proc/cpuinfo', 'utf8').match(/^processor/gm)?.length ?? 2;
  return Math.max(1, Math.min(cores, Math.floor(memory / 1.5)));
}

async function step(program, args) {
  let last = 0;
  const onLine = (line) => {
    const at = /^\[\s*(\d+(?:\/\d+|%))\]/.exec(line);
    if (!at || Date.now() - last < (process.stderr.isTTY ? 200 : 10_000)) return;
    last = Date.now();
    process.stderr.write(process.stderr.isTTY ? `\r  ${at[1]}   ` : `  ${at[1]}\n`);
  };
  const { status, output } = await run(program, args, { output: 'keep', onLine });
  if (process.stderr.isTTY && last > 0) process.stderr.write('\r                \r');
  if (status === 0) return;
  const lines = output.trim().split('\n');
  const errors = lines.filter((line) => /error:|undefined reference|CMake Error/.test(line)).slice(0, 12);
  throw new Refusal(
    `The engine could not be built (${program} ended with ${status}).`,
    (errors.length > 0 ? errors : lines.slice(-12)).join('\n'),
  );
}

// Names, sizes and times of all sources: reading 300 entries takes a few milliseconds, asking CMake a few hundred.
function fingerprint() {
  const hash = createHash('sha256');
  const visit = (folder) => {
    for (const entry of readdirSync(folder, { withFileTypes: true }).sort((a, b) => (a.name < b.name ? -1 : 1))) {
      const full = path.join(folder, entry.name);
      if (entry.isDirectory()) visit(full);
      else {
        const { size, mtimeMs } = statSync(full);
        hash.update(`${path.relative(root, full)} ${size} ${mtimeMs}\n`);
      }
    }
  };
  visit(path.join(root, 'native'));
  return hash.digest('hex');
}

// One build at a time in a folder: two commands started together must not run the generator over each other.
async function withLock(folder, work) {
  for (;;) {
    try {
      mkdirSync(folder);
      break;
    } catch (error) {
      if (error.code !== 'EEXIST') throw error;
      if (!ownerLives(folder)) rmSync(folder, { recursive: true, force: true });
      else await sleep(300);
    }
  }
  try {
    writeFileSync(path.join(folder, 'pid'), String(process.pid));
    await work();
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function ownerLives(folder) {
  try {
    process.kill(Number(readFileSync(path.join(folder, 'pid'), 'utf8')), 0);
    return true;
  } catch (error) {
    if (error.code === 'EPERM') return true;
    // No pid yet: the owner is between its two system calls, unless the folder is old.
    return error.code === 'ENOENT' && Date.now() - (statSync(folder, { throwIfNoEntry: false })?.mtimeMs ?? 0) < 5000;
  }
}
