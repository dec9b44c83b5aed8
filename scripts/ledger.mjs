// `npm run ledger` writes docs/gpu-step.md: what a step asks of a card, for a few models and methods. Needs no card; the table of
// kernels needs nvcc and is left as it was where there is none. `npm run ledger -- run.json` prints the ledger of a run file instead.
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { spawnSync } from 'node:child_process';
import { buildCuda, obstacle } from './cuda-build.mjs';
import { kernelSection, ledgerSections, ledgerTable, runs } from './ledger-document.mjs';
import { BUILDS, build } from './native.mjs';
import { orRefuse, Refusal, say } from './say.mjs';
import { root } from './spawn.mjs';

const document = path.join(root, 'docs', 'gpu-step.md');
const marker = '## Kernels\n';

function ledgerOf(run) {
  const program = path.join(root, BUILDS.engine.folder, 'ledger', 'gpu_ledger');
  const input = JSON.stringify({ kind: 'plan', run, tokens: { train: '' } });
  const { status, stdout, stderr } = spawnSync(program, { input, encoding: 'utf8', maxBuffer: 1 << 28 });
  if (status !== 0) throw new Refusal(`No ledger of ${run.name}: ${stderr.trim()}`);
  return JSON.parse(stdout);
}

async function main([runFile]) {
  await build('engine', 'gpu_ledger');
  if (runFile) {
    const run = JSON.parse(readFileSync(runFile, 'utf8'));
    const ledger = ledgerOf({ name: runFile, ...run, device: { backend: 'cpu' } });
    console.log(ledgerTable(ledger.step));
    if (ledger.event) console.log(`With the method’s event:\n\n${ledgerTable(ledger.event)}`);
    return;
  }
  const ledgers = runs.map((run) => ({ run, ledger: ledgerOf(run) }));
  const why = await obstacle();
  let kernels = '';
  if (!why) kernels = kernelSection(await buildCuda());
  else if (existsSync(document)) kernels = readFileSync(document, 'utf8').split(marker)[1] ?? '';
  writeFileSync(document, `${ledgerSections(ledgers)}\n${marker}${kernels}`);
  say(`docs/gpu-step.md is written${why ? `; the table of kernels is left as it was: ${why}` : ''}.`);
}

await orRefuse(() => main(process.argv.slice(2)));
