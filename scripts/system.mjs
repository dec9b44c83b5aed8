// What the machine must bring: Linux on x86-64 with AVX2, and the packages that the engine is built with.
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { answers, run, systemEnv } from './spawn.mjs';
import { Refusal, say } from './say.mjs';

const compiler = () => [process.env.CXX, 'g++', 'c++'].find((name) => name && answers(name));
const includes = (header) => {
  const name = compiler();
  if (!name) return false;
  const probe = spawnSync(name, ['-x', 'c++', '-E', '-'], {
    input: `#include <${header}>\n`,
    stdio: ['pipe', 'ignore', 'ignore'],
  });
  return probe.status === 0;
};

const NEEDS = [
  { package: 'cmake', present: () => answers('cmake') },
  { package: 'g++', present: () => compiler() !== undefined },
  { package: 'ninja-build', present: () => answers('ninja') || answers('make') },
  { package: 'libeigen3-dev', present: () => includes('eigen3/Eigen/Dense') || includes('Eigen/Dense') },
  { package: 'nlohmann-json3-dev', present: () => includes('nlohmann/json.hpp') },
];

/** Refuses, in one sentence, a machine that the engine cannot run on. */
export function checkMachine() {
  const major = Number(process.versions.node.split('.')[0]);
  if (major < 20) {
    throw new Refusal(
      `Rankwise needs Node 20 or newer to start; this is Node ${process.versions.node}.`,
      'Install it from https://nodejs.org.',
    );
  }
  if (process.platform !== 'linux' || process.arch !== 'x64') {
    throw new Refusal(`Rankwise runs on Linux on x86-64 for now; this is ${process.platform} on ${process.arch}.`);
  }
  const flags = new Set(
    readFileSync('/proc/cpuinfo', 'utf8')
      .match(/^flags\s*:(.*)$/m)?.[1]
      ?.trim()
      .split(/\s+/) ?? [],
  );
  const missing = ['avx2', 'fma', 'f16c'].filter((flag) => !flags.has(flag));
  if (flags.size > 0 && missing.length > 0) {
    throw new Refusal(
      `This processor has no ${missing.join(', ')}, which the engine's kernels need (Intel since 2013, AMD since 2015).`,
    );
  }
}

/** What the tests of the window open it in. */
const BROWSER = [
  {
    package: 'chromium',
    present: () =>
      [process.env.RANKWISE_CHROMIUM, 'chromium', 'chromium-browser', 'google-chrome'].some(
        (name) => name && answers(name),
      ),
  },
];

/** Installs what the build lacks where that needs no question, else names it. */
export const ensurePackages = () => ensure(NEEDS, 'The engine is built on this machine and lacks');

/** The same for the tests in a browser. */
export const ensureBrowser = () => ensure(BROWSER, 'The tests of the window need');

async function ensure(needs, sentence) {
  const missing = () => needs.filter((need) => !need.present()).map((need) => need.package);
  const wanted = missing();
  if (wanted.length === 0) return;
  const command = `apt-get install -y --no-install-recommends ${wanted.join(' ')}`;
  const hint = `Install it with:  sudo ${command}`;
  const refuse = () => new Refusal(`${sentence}: ${wanted.join(', ')}.`, hint);
  if (!answers('apt-get')) throw refuse();
  const prefix = process.getuid?.() === 0 ? [] : answers('sudo', ['-n', 'true']) ? ['sudo', '-n'] : null;
  if (!prefix) throw refuse();
  say(`Installing ${wanted.join(', ')} …`);
  const env = systemEnv({ DEBIAN_FRONTEND: 'noninteractive' });
  for (const args of [
    ['update', '-qq'],
    ['install', '-y', '-qq', '--no-install-recommends', ...wanted],
  ]) {
    const [program, ...rest] = [...prefix, 'apt-get', ...args];
    const { status } = await run(program, rest, { output: 'keep', env });
    if (status !== 0 && args[0] === 'install') throw refuse();
  }
  if (missing().length > 0) throw refuse();
}
