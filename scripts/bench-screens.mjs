// `npm run bench:screens`: the real screens on records of their own. Prints how long the window takes to a list of 500 runs that can be
// used, and how many frames a second the comparison of ten runs of 100,000 points draws while it is panned and zoomed.
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { chromium } from 'playwright-core';
import { migrations, resolvePaths } from '../main/paths.ts';
import { openStore } from '../main/store/store.ts';
import { parseRunFile } from '../preload/contract/run-file.ts';
import { buildApp } from './app.mjs';
import { root } from './spawn.mjs';

const RUNS = 500;
const SHORT = 300;
const LONG_RUNS = 10;
const LONG = 100_000;
const KEYS = ['loss', 'learningRate', 'gradientNorm', 'tokensPerSecond', 'tokens', 'seconds'];
const OPENINGS = 7;
const FRAMES = 180;

const median = (values) => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)];

/** Runs as they are when they have trained; no engine is asked. @returns ids of the long ones */
async function fill(home) {
  const { database } = resolvePaths({ RANKWISE_HOME: home });
  const store = await openStore(database, migrations);
  store.projects.insert({ id: 'p', name: 'Benchmark', createdAt: 0 });
  const file = parseRunFile({
    model: { preset: 'llama-9m' },
    data: { train: '/data/text.txt' },
    method: { name: 'lora' },
  });
  const long = [];
  for (let index = 0; index < RUNS; index++) {
    const steps = index < LONG_RUNS ? LONG : SHORT;
    const id = `run-${index}`;
    const output = path.join(home, 'runs', 'p', id);
    const config = { ...file, name: `Run ${index}`, initialize: 'random', output };
    config.training.steps = steps;
    store.runs.insert({ id, project: 'p', name: config.name, state: 'finished', config, output, createdAt: index });
    for (let step = 0; step < steps; step++) {
      for (const key of KEYS) store.metrics.add(id, key, step, valueOf(key, step, index));
    }
    store.metrics.flush();
    if (steps === LONG) long.push(id);
  }
  store.close();
  return long;
}

/** A curve that falls and jitters, another for each run. */
function valueOf(key, step, run) {
  if (key === 'tokens') return step * 2048;
  if (key === 'seconds') return step * 0.25;
  return 1.5 + 0.05 * run + 4 * Math.exp(-step / 9000) + (((step + run) * 7919) % 401) / 1000;
}

async function serve(home) {
  const server = spawn(process.execPath, [path.join(root, 'main', 'cli.ts'), 'serve', '--json'], {
    env: { ...process.env, RANKWISE_HOME: home },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  for await (const line of createInterface({ input: server.stdout }))
    return { server, address: JSON.parse(line).address };
  throw new Error('rankwise serve ended without an address.');
}

/** Milliseconds from the beginning of the navigation to a row that can be clicked. */
async function openList(page, origin) {
  await page.goto('about:blank');
  await page.goto(`${origin}/#/runs`);
  const handle = await page.waitForFunction(() => document.querySelector('tr[data-index="0"]') && performance.now());
  return handle.jsonValue();
}

/** Milliseconds between frames while every frame asks for another view, as a wheel or a dragging pointer does. */
const measure = (page, what) =>
  page.evaluate(
    async ([what, frames]) => {
      const over = document.querySelector('.u-over');
      const box = over.getBoundingClientRect();
      const at = {
        clientX: box.left + box.width / 2,
        clientY: box.top + box.height / 2,
        bubbles: true,
        cancelable: true,
      };
      const frame = () => new Promise((resolve) => requestAnimationFrame(resolve));
      const picture = () => document.querySelector('.u-wrap canvas').toDataURL();
      const first = picture();
      const times = [];
      let moved = false;
      let before = await frame();
      for (let i = 0; i < frames; i++) {
        const wheel =
          what === 'zoom' ? { deltaY: i < frames / 2 ? -12 : 12, ctrlKey: true } : { deltaX: i % 60 < 30 ? 8 : -8 };
        over.dispatchEvent(new WheelEvent('wheel', { ...at, ...wheel }));
        const now = await frame();
        times.push(now - before);
        before = now;
        // Read back once, in the middle: what did not move was not measured.
        if (i === frames / 4) moved = picture() !== first;
      }
      if (!moved) throw new Error('The chart did not move.');
      return times;
    },
    [what, FRAMES],
  );

function report(name, times) {
  const mean = times.reduce((sum, time) => sum + time, 0) / times.length;
  const slow = times.toSorted((a, b) => a - b)[Math.floor(times.length * 0.95)];
  console.log(`  ${name}: ${(1000 / mean).toFixed(1)} frames per second, 95 % of frames within ${slow.toFixed(1)} ms`);
}

await buildApp();
const home = mkdtempSync(path.join(tmpdir(), 'rankwise-screens-'));
let opened;
let browser;
try {
  const long = await fill(home);
  opened = await serve(home);
  browser = await chromium.launch({
    executablePath: process.env['CHROMIUM'] ?? '/usr/bin/chromium',
    args: ['--no-sandbox', '--disable-gpu', '--disable-background-networking', '--disable-sync', '--no-first-run'],
  });
  const page = await browser.newPage({ viewport: { width: 1440, height: 900 } });
  await page.goto(opened.address);
  const { origin } = new URL(opened.address);
  const times = [];
  for (let i = 0; i < OPENINGS; i++) times.push(await openList(page, origin));
  console.log(
    `Page to a list of ${RUNS} runs that can be used: ${times[0].toFixed(0)} ms the first time, ${median(times).toFixed(0)} ms in the median of ${OPENINGS}`,
  );
  await page.goto(`${origin}/#/compare?runs=${long.join(',')}`);
  await page.waitForFunction(() => document.querySelectorAll('.u-over').length === 2);
  await page.waitForTimeout(1000);
  console.log(
    `Comparison of ${LONG_RUNS} runs × ${LONG.toLocaleString('en-US')} points, curves and differences, a new view in every frame:`,
  );
  report('zoom', await measure(page, 'zoom'));
  // Nearer by the keys, and a moment for the finer values that a view at rest asks for.
  await page.locator('.chart').first().focus();
  for (let i = 0; i < 4; i++) await page.keyboard.press('+');
  await page.waitForTimeout(1000);
  report('pan', await measure(page, 'pan'));
} finally {
  await browser?.close();
  opened?.server.kill('SIGINT');
  if (opened) await new Promise((resolve) => opened.server.once('exit', resolve));
  rmSync(home, { recursive: true, force: true });
}
