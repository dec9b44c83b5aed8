// `npm run screenshots`: walks the whole app through the real engine as a new user would and keeps a picture of each screen, in both
// themes, under docs/screenshots. The tour (docs/tour.md) and the README show them.
import { mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { RunDetails } from '../../preload/contract/runs.ts';
import type { Result } from '../../preload/contract/api.ts';
import { HubServer } from '../unit/hub-server.ts';
import { call } from './calls.ts';
import { openBrowser } from './doors.ts';
import { drop } from './dropping.ts';
import { showTheme } from './looks.ts';

const folder = path.join(import.meta.dirname, '..', '..', 'docs', 'screenshots');
const THEMES = ['light', 'dark'] as const;

/** What a support team might have: enough rows for a histogram, some of them twice. */
const TOPICS = ['parcel', 'invoice', 'password', 'refund', 'subscription', 'address', 'voucher'];
const tickets = Array.from({ length: 240 }, (_, i) => {
  const topic = TOPICS[i % TOPICS.length]!;
  const detail = Array.from({ length: 1 + ((i * 7) % 19) }, (_each, n) => `step ${n + 1} for the ${topic}`).join(', ');
  return {
    question: `Order ${1000 + (i % 220)}: what about my ${topic}?`,
    answer: `Thank you for writing. ${detail}. We will tell you by mail.`,
    agent: `team ${1 + (i % 3)}`,
  };
});

mkdirSync(folder, { recursive: true });
for (const file of readdirSync(folder)) rmSync(path.join(folder, file));
const data = path.join(tmpdir(), 'tickets.jsonl');
writeFileSync(data, tickets.map((row) => `${JSON.stringify(row)}\n`).join(''));

// A hub on this machine: the pictures need no network.
const hub = await HubServer.start();
// Where the folders of whoever uses it begin.
const place = mkdtempSync(path.join(tmpdir(), 'rankwise-place-'));
mkdirSync(path.join(place, 'exports'));
const app = await openBrowser({ env: { HF_ENDPOINT: hub.address, HOME: place } });
const { page } = app;
await page.setViewportSize({ width: 1440, height: 900 });
try {
  await walk();
} finally {
  await app.close();
  await hub.close();
  rmSync(data);
  rmSync(place, { recursive: true });
}
for (const file of readdirSync(folder)) {
  const kibibytes = Math.round(statSync(path.join(folder, file)).size / 1024);
  if (kibibytes > 150) console.warn(`${file} takes ${kibibytes} KiB.`);
}

async function walk(): Promise<void> {
  await shoot('first-start');
  await page.getByRole('button', { name: 'Train the sample' }).click();
  const { runs } = await until(async () => {
    const all = await ask(call(page, 'runs', 'list', { project: null }));
    return all.length === 2 ? { runs: all.sort((a, b) => a.createdAt - b.createdAt).map(({ id }) => id) } : null;
  });
  const [first] = runs as [string, string];
  await reach(first, ({ step }) => step > 120);
  await shoot('home-training', '/');
  await shoot('live-run', `/runs/${first}`);
  await shoot('queue', '/queue');
  for (const run of runs) await reach(run, ({ state }) => state === 'finished');
  await shoot('home', '/');
  await shoot('runs', '/runs');
  await shoot('finished-run', `/runs/${first}`);
  await shoot('compare', `/compare?runs=${runs.join(',')}`);

  await open('/data');
  await drop(page, data);
  const dataset = await until(async () => (await ask(call(page, 'datasets', 'list')))[0] ?? null);
  await shoot('dataset', `/data/${dataset.id}`);
  await shoot('data', '/data');
  await shoot('models', '/models');
  await shoot('model', `/models/${first}`);
  const { path: left } = await ask(call(page, 'models', 'card', { id: first }));
  await lookAtHub(left!.replace(/^~/, place));
  await exportAndLook(first);

  await open(`/new-run?model=${first}&dataset=${dataset.id}&method=lora`);
  await page.getByRole('heading', { level: 1 }).waitFor();
  for (const step of ['Model', 'Data', 'Method', 'Budget']) {
    await page
      .getByRole('navigation', { name: 'Steps' })
      .getByRole('button', { name: new RegExp(step) })
      .click();
    await shoot(`new-run-${step.toLowerCase()}`);
  }

  const adapter = await trainAdapter(first);
  await shoot('adapter', `/adapters/${adapter}`);
  await shoot('adapters', '/adapters');
  await page.getByRole('link', { name: 'Whale voice' }).click();
  await page.getByRole('button', { name: 'Bake', exact: true }).click();
  await shoot('bake');
  await page.getByRole('button', { name: /^Bake it, about/ }).click();
  await page.getByText('Same next token').waitFor({ timeout: 120_000 });
  await shoot('receipt');
  await page.keyboard.press('Escape');

  await open(`/playground?adapter=${adapter}`);
  await page.getByRole('region', { name: 'Pane 2' }).waitFor();
  await page.getByRole('textbox', { name: 'Prompt' }).fill('The captain looked at the sea and');
  await page.getByRole('button', { name: 'Generate' }).click();
  await page
    .getByText(/^\d+ tokens in /)
    .nth(1)
    .waitFor({ timeout: 120_000 });
  await page.getByRole('group', { name: 'Answer, Pane 2' }).focus();
  for (let token = 0; token < 9; token++) await page.keyboard.press('ArrowRight');
  await shoot('playground');

  for (const part of ['hardware', 'storage', 'preferences', 'about'])
    await shoot(`settings-${part}`, `/settings?part=${part}`);
}

/** The hub has what a run has left. */
async function lookAtHub(model: string): Promise<void> {
  hub.files = new Map(readdirSync(model).map((name) => [name, readFileSync(path.join(model, name))]));
  await open('/models?do=download');
  await page.getByRole('textbox', { name: 'Words, or OWNER/NAME' }).fill('tiny');
  await page.keyboard.press('Enter');
  await page.getByRole('button', { name: 'lab/tiny' }).click();
  await page.getByRole('rowheader', { name: 'LoQT' }).waitFor();
  await shoot('hub');
  await page.keyboard.press('Escape');
}

/** A GGUF file of what a run has left, and that file on its way in. */
async function exportAndLook(model: string): Promise<void> {
  const into = async (title: string, name: string): Promise<void> => {
    const browser = page.getByRole('dialog', { name: title });
    await browser.getByRole('button', { name: 'exports', exact: true }).click();
    await browser.getByRole('button', { name }).click();
  };
  await open(`/models/${model}`);
  await page.getByRole('button', { name: /^More about/ }).click();
  await page.getByRole('menuitem', { name: 'Export as GGUF …' }).click();
  await page.getByRole('button', { name: 'Choose a folder', exact: true }).click();
  await into('Choose a folder', 'Choose “exports”');
  await page.getByText('~/exports', { exact: true }).waitFor();
  await shoot('export');
  await page.getByRole('button', { name: /^Write it, / }).click();
  await page.getByText('It was opened again', { exact: false }).waitFor({ timeout: 120_000 });
  await shoot('export-receipt');
  await page.keyboard.press('Escape');
  await open('/models');
  await page.getByRole('button', { name: 'Add a model…' }).click();
  await page.getByRole('menuitem', { name: 'A GGUF file' }).click();
  await into('Choose a GGUF file', '.gguf');
  await page.getByRole('button', { name: /^Unpack it, / }).waitFor();
  await shoot('gguf');
  await page.keyboard.press('Escape');
}

/** An adapter on what the sample has left. @returns its id in the library */
async function trainAdapter(model: string): Promise<string> {
  const { config, project } = await ask(call(page, 'runs', 'get', { id: model }));
  const draft = {
    name: 'Whale voice',
    model: { id: model },
    data: { train: config.data.train, eval: { fraction: 0.03 }, sequenceLength: 128 },
    method: { name: 'lora', rank: 16 },
    optimizer: { learningRate: 2e-3 },
    training: { steps: 60, evalEvery: 30 },
  };
  const { id } = await ask(call(page, 'runs', 'start', { draft, project, first: true }));
  const run = await reach(id, ({ state }) => state === 'finished');
  return run.savedAdapter!;
}

async function open(hash: string): Promise<void> {
  await page.evaluate((to) => void (location.hash = to), hash);
}

/** The screen (where it is named: after going there), in both themes, once it has come to rest. */
async function shoot(name: string, hash?: string): Promise<void> {
  if (hash !== undefined) await open(hash);
  // Nothing under the pointer: what it hovers over looks different.
  await page.mouse.move(720, 895);
  for (const theme of THEMES) {
    await showTheme(page, theme);
    // Plans, previews and norms come a moment after the screen; a chart draws in the frame after its data.
    await page.waitForLoadState('networkidle').catch(() => undefined);
    await page.waitForTimeout(900);
    await page.screenshot({ path: path.join(folder, `${name}-${theme}.png`) });
  }
}

async function ask<T>(answer: Promise<Result<T>>): Promise<T> {
  const result = await answer;
  if (!result.ok) throw new Error(`${result.error.code}: ${result.error.message}`);
  return result.value;
}

async function until<T>(look: () => Promise<T | null | false>): Promise<T> {
  for (let tries = 0; tries < 1200; tries++) {
    const found = await look();
    if (found) return found;
    await page.waitForTimeout(100);
  }
  throw new Error('It has not come about in two minutes.');
}

function reach(id: string, there: (run: RunDetails) => boolean): Promise<RunDetails> {
  return until(async () => {
    const run = await ask(call(page, 'runs', 'get', { id }));
    if (run.state === 'failed') throw new Error(run.error?.message ?? 'The run failed.');
    return there(run) && run;
  });
}
