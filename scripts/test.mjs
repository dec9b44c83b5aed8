// `npm test`: every check, in order, with one sum as the last line. `npm test -- CUDA`: only the stages whose title holds a word.
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import path from 'node:path';
import { buildCuda, obstacle } from './cuda-build.mjs';
import { cudaHeaders } from './cuda-headers.mjs';
import { BUILDS, build } from './native.mjs';
import { buildApp } from './app.mjs';
import { prepare } from './prepare.mjs';
import { ensureBrowser } from './system.mjs';
import { orRefuse, Refusal, say } from './say.mjs';
import { nodeBinary, projectEnv, root, run } from './spawn.mjs';

const total = { passed: 0, failed: 0 };
const failures = [];
const leftOut = [];

function count(name, passed, failed) {
  total.passed += passed;
  total.failed += failed;
  if (failed > 0) failures.push(name);
  console.log(`${failed > 0 ? '✗' : '✓'} ${name}: ${passed} passed, ${failed} failed`);
}

const bin = (name) => path.join(root, 'node_modules', '.bin', name);

/** A tool that either succeeds or not counts as one test. */
async function tool(name, program, args) {
  const { status, output } = await run(program, args, { output: 'keep' });
  if (status !== 0) process.stdout.write(output);
  count(name, status === 0 ? 1 : 0, status === 0 ? 0 : 1);
}

async function vitest(project) {
  const report = path.join(root, 'build', 'test-results', `${project}.json`);
  mkdirSync(path.dirname(report), { recursive: true });
  rmSync(report, { force: true });
  const args = [path.join(root, 'node_modules', 'vitest', 'vitest.mjs'), 'run', '--project', project];
  const { status } = await run(nodeBinary, [
    ...args,
    '--reporter=default',
    '--reporter=json',
    `--outputFile.json=${report}`,
  ]);
  const sum = existsSync(report) ? JSON.parse(readFileSync(report, 'utf8')) : { numPassedTests: 0, numFailedTests: 0 };
  // A file that cannot be loaded has no failed test of its own: the exit status says so.
  count(`${project} tests`, sum.numPassedTests, status === 0 ? sum.numFailedTests : Math.max(1, sum.numFailedTests));
}

/** Runs every native test executable in a folder of a build, `atOnce` side by side; their last line holds the counts. */
async function native(name, label, within = 'test', atOnce = 1) {
  const folder = path.join(root, BUILDS[name].folder, within);
  const tests = existsSync(folder)
    ? readdirSync(folder)
        .filter((file) => file.endsWith('_test'))
        .sort()
    : [];
  if (tests.length === 0) count(`${label}: no test was built`, 0, 1);
  const one = async (test) => {
    const started = Date.now();
    const { status, output } = await run(path.join(folder, test), [], { output: 'keep' });
    const sum = /(\d+) passed, (\d+) failed\s*$/.exec(output.trim());
    const failed = Number(sum?.[2] ?? 0);
    if (status !== 0) process.stdout.write(output);
    const seconds = ((Date.now() - started) / 1000).toFixed(1);
    count(`${label} ${test} (${seconds} s)`, Number(sum?.[1] ?? 0), status === 0 && sum ? failed : Math.max(1, failed));
  };
  const worker = async () => {
    for (let test = tests.shift(); test; test = tests.shift()) await one(test);
  };
  await Promise.all(Array.from({ length: atOnce }, worker));
}

const chosen = process.argv.slice(2);

/** One stage: a build that fails is a failed test, and the stages after it still run. */
async function stage(title, work) {
  if (chosen.length > 0 && !chosen.some((word) => title.includes(word))) return;
  console.log(`\n── ${title}`);
  try {
    await work();
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    say(`${error.message}\n${error.hint}`);
    count(title, 0, 1);
  }
}

/** What this machine cannot check is named, and not counted. On CI it is a failure. */
function leaveOut(title, reason) {
  leftOut.push(`${title}: ${reason}`);
  if (process.env.CI) count(`${title} (${reason})`, 0, 1);
  else console.log(`left out: ${reason}`);
}

/** The CUDA backend on the emulator: plainly and with its access checker, then under sanitizers. */
async function emulatedCuda() {
  const { folders, reason } = await cudaHeaders();
  if (reason) return leaveOut('CUDA, emulated', reason);
  for (const [name, label] of [
    ['engine', 'emulated'],
    ['sanitize', 'emulated, sanitized'],
  ]) {
    await build(name, 'emulated', [`-DRANKWISE_CUDA_INCLUDES=${folders.join(';')}`]);
    await native(name, label, 'emulated/test', 2); // the emulator has one thread
  }
  await selftest();
}

/** `rankwise doctor --selftest` over the emulated card, as a user runs it over a real one. */
async function selftest() {
  const emulated = path.join(root, BUILDS.engine.folder, 'emulated');
  const env = projectEnv({
    RANKWISE_CUDA_LIBRARY: path.join(emulated, 'librankwise_cuda_emulated.so'),
    RANKWISE_CUBLASLT_LIBRARY: path.join(emulated, 'librankwise_cublaslt_emulated.so'),
    RANKWISE_HOME: path.join(root, 'build', 'test-results', 'selftest'),
  });
  const args = [path.join(root, 'main', 'cli.ts'), 'doctor', '--selftest', '--json'];
  const { status, output } = await run(nodeBinary, args, { output: 'keep', env });
  const json = output.indexOf('{');
  const report = status === 0 && json >= 0 ? JSON.parse(output.slice(json)) : null;
  const card = report?.selftest?.backends?.find((backend) => backend.name === 'cuda');
  if (!card) process.stdout.write(output);
  count('doctor --selftest on the emulated card', card?.passed ?? 0, card ? card.failed : 1);
}

/** The CUDA library as it is shipped: it compiles without warnings for every architecture, and no kernel spills unnoticed. */
async function compiledCuda() {
  const reason = await obstacle();
  if (reason) return leaveOut('CUDA, compiled by nvcc', reason);
  const { bytes, seconds, kernels, spills } = await buildCuda();
  for (const { kernel, architecture, spillBytes } of spills) {
    console.log(`${kernel} spills ${spillBytes} bytes on ${architecture}; native/cuda/spills.json names no reason`);
  }
  const architectures = new Set(kernels.map((kernel) => kernel.architecture));
  const spilling = new Set(spills.map((spill) => spill.kernel));
  const names = new Set(kernels.map((kernel) => kernel.kernel));
  const size = `${(bytes / 1e6).toFixed(1)} MB in ${seconds} s`;
  count(
    `nvcc: ${names.size} kernels × ${architectures.size} architectures, ${size}`,
    names.size - spilling.size,
    spilling.size,
  );
  count('nvcc: sm_80, 86, 89, 90, 100 and 120', architectures.size === 6 ? 1 : 0, architectures.size === 6 ? 0 : 1);
}

await orRefuse(
  () => prepare({ tests: true }),
  () => console.log('0 passed, 1 failed'),
);
await stage('types', async () => {
  await tool('type check', bin('tsc'), ['--noEmit', '-p', 'tsconfig.json']);
  await tool('type check of the screens', bin('vue-tsc'), ['--noEmit', '-p', 'tsconfig.renderer.json']);
  await tool("type check of the tests of the screens' stores", bin('tsc'), ['--noEmit', '-p', 'test/unit/stores']);
  await tool('type check of the end-to-end tests', bin('tsc'), ['--noEmit', '-p', 'test/e2e']);
});
await stage('lint', async () => {
  await tool('eslint', bin('eslint'), ['--max-warnings=0', '.']);
  await tool('prettier', bin('prettier'), [
    '--check',
    '--log-level=warn',
    'main',
    'preload',
    'renderer',
    'test',
    'scripts',
    '*.{js,ts,json}',
  ]);
});
await stage('unit', () => vitest('unit'));
await stage('native', () => native('engine', 'native'));
await stage('native, with sanitizers', async () => {
  await build('sanitize', 'all');
  await native('sanitize', 'sanitized');
});
await stage('CUDA, emulated', emulatedCuda);
await stage('CUDA, compiled by nvcc', compiledCuda);
await stage('integration', () => vitest('integration'));
await stage('window', async () => {
  await ensureBrowser();
  await buildApp();
  await vitest('e2e');
});

if (leftOut.length > 0) console.log(`\nLeft out on this machine:\n${leftOut.map((line) => `  ${line}`).join('\n')}`);
if (failures.length > 0) console.log(`\nFailed:\n${failures.map((name) => `  ${name}`).join('\n')}`);
console.log(`\n${total.passed} passed, ${total.failed} failed`);
process.exitCode = total.failed === 0 ? 0 : 1;
