// Reads what ptxas said of every kernel while nvcc built the CUDA library (native/cuda/nvcc-report.sh keeps it beside the objects).
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { spawnSync } from 'node:child_process';

/**
 * One entry a kernel and architecture, sorted: {kernel, architecture, registers, sharedBytes, stackBytes, spillBytes}.
 * `kernel` is readable: "normalize<float, __nv_bfloat16>". Shared bytes are the static arrays alone.
 */
export function readReports(folder) {
  const entries = [];
  for (const file of reportFiles(folder)) {
    let entry = null;
    for (const line of readFileSync(file, 'utf8').split('\n')) {
      const start = /Compiling entry function '(\S+)' for '(sm_\w+)'/.exec(line);
      if (start) {
        entry = {
          kernel: start[1],
          architecture: start[2],
          registers: 0,
          sharedBytes: 0,
          stackBytes: 0,
          spillBytes: 0,
        };
        entries.push(entry);
      }
      if (!entry) continue;
      const frame = /(\d+) bytes stack frame, (\d+) bytes spill stores, (\d+) bytes spill loads/.exec(line);
      if (frame) Object.assign(entry, { stackBytes: +frame[1], spillBytes: +frame[2] + +frame[3] });
      const used = /Used (\d+) registers/.exec(line);
      if (used) {
        entry.registers = +used[1];
        entry.sharedBytes = +(/(\d+) bytes smem/.exec(line)?.[1] ?? 0);
      }
    }
  }
  const names = readable(entries.map((entry) => entry.kernel));
  entries.forEach((entry, i) => (entry.kernel = names[i]));
  const order = (e) => `${e.kernel} ${e.architecture.slice(3).padStart(4, '0')}`;
  return entries.sort((a, b) => (order(a) < order(b) ? -1 : 1));
}

/** Spills that were accepted: kernel → reason, from native/cuda/spills.json. */
export function acceptedSpills(root) {
  const file = path.join(root, 'native', 'cuda', 'spills.json');
  return existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : {};
}

function reportFiles(folder) {
  return readdirSync(folder, { recursive: true })
    .filter((name) => name.endsWith('.ptxas'))
    .sort()
    .map((name) => path.join(folder, name));
}

// c++filt comes with g++. The parameters and the namespaces say nothing that the name does not.
function readable(symbols) {
  const filtered = spawnSync('c++filt', { input: symbols.join('\n'), encoding: 'utf8' });
  const names = filtered.status === 0 ? filtered.stdout.trimEnd().split('\n') : symbols;
  return names.map((name) =>
    name
      .replace(/^void /, '')
      .replace(/\((anonymous namespace|.*_NV_ANON_NAMESPACE.*?)\)::/g, '')
      .replace(/\b(rankwise|cuda|_GLOBAL__N__\w+)::/g, '')
      .replace(/\((?:[^()]|\([^()]*\))*\)$/, ''),
  );
}
