// Builds the CUDA library with nvcc. `npm run build:cuda` puts it beside the engine, where the engine looks for it.
import { copyFileSync, existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { cudaHeaders } from './cuda-headers.mjs';
import { BUILDS, build } from './native.mjs';
import { acceptedSpills, readReports } from './ptxas-report.mjs';
import { orRefuse, Refusal, say } from './say.mjs';
import { answers, root } from './spawn.mjs';

export const folder = path.join(root, BUILDS.cuda.folder);
export const library = path.join(folder, 'librankwise_cuda.so');
const record = path.join(folder, 'build.json');

/** Why the library cannot be built here, or "". */
export async function obstacle() {
  if (!answers('nvcc')) return 'nvcc is not on PATH';
  return (await cudaHeaders()).reason;
}

/**
 * Builds the library and answers {bytes, seconds, kernels, spills}: its size, the time that the first, full build took, what ptxas
 * reports of each kernel (ptxas-report.mjs), and the kernels that spill without an accepted reason.
 */
export async function buildCuda() {
  const { folders, reason } = await cudaHeaders();
  if (reason) throw new Refusal(`The CUDA library cannot be built: ${reason}.`);
  const full = !existsSync(record);
  const started = Date.now();
  await build('cuda', 'all', [`-DRANKWISE_CUDA_INCLUDES=${folders.join(';')}`]);
  if (full) {
    writeFileSync(record, JSON.stringify({ seconds: Math.round((Date.now() - started) / 1000) }));
  }
  const kernels = readReports(folder);
  const accepted = acceptedSpills(root);
  const spills = kernels.filter((kernel) => kernel.spillBytes > 0 && !accepted[kernel.kernel]);
  return { bytes: statSync(library).size, ...JSON.parse(readFileSync(record, 'utf8')), kernels, spills };
}

async function main() {
  const why = await obstacle();
  if (why) throw new Refusal(`The CUDA library cannot be built: ${why}.`, 'Install NVIDIA’s CUDA toolkit 13.');
  const { bytes, spills } = await buildCuda();
  for (const spill of spills) say(`${spill.kernel} spills ${spill.spillBytes} bytes on ${spill.architecture}.`);
  const beside = path.join(root, BUILDS.engine.folder);
  mkdirSync(beside, { recursive: true });
  copyFileSync(library, path.join(beside, path.basename(library)));
  say(`${path.basename(library)}: ${(bytes / 1e6).toFixed(1)} MB, beside the engine.`);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await orRefuse(main);
