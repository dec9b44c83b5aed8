// Finds NVIDIA's headers, which the CUDA backend is compiled against: in an installed toolkit, else unpacked from NVIDIA's packages
// of PyPI into build/cuda-headers. Only headers are kept.
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import path from 'node:path';
import { answers, root, run } from './spawn.mjs';
import { say } from './say.mjs';

const unpacked = path.join(root, 'build', 'cuda-headers');
const packages = {
  'cuda_runtime_api.h': ['nvidia-cuda-runtime==13.0.96', 'nvidia-cuda-crt==13.0.88'],
  // 420 MB for one header, once: NVIDIA offers it no other way.
  'cublasLt.h': ['nvidia-cublas==13.1.1.3'],
};

function toolkitInclude() {
  const homes = [process.env.CUDA_HOME, process.env.CUDA_PATH, '/usr/local/cuda', '/opt/cuda'];
  return homes
    .filter(Boolean)
    .map((home) => path.join(home, 'include'))
    .find((folder) => existsSync(path.join(folder, 'cuda_runtime_api.h')));
}

/** Folders with the CUDA runtime's headers and cublasLt.h, or `reason` why they cannot be had. */
export async function cudaHeaders() {
  const include = path.join(unpacked, 'include');
  const toolkit = toolkitInclude();
  for (const [header, wanted] of Object.entries(packages)) {
    if ([toolkit, include].some((folder) => folder && existsSync(path.join(folder, header)))) continue;
    say(`Fetching ${header} (${wanted.join(', ')}) …`);
    if (!(await unpack(wanted, include))) {
      return {
        folders: [],
        reason: `${header} is in no installed CUDA toolkit, and pip cannot fetch ${wanted.join(', ')}`,
      };
    }
  }
  return { folders: [toolkit, include].filter((folder) => folder && existsSync(folder)), reason: '' };
}

async function unpack(wanted, include) {
  if (!answers('python3', ['-m', 'pip', '--version'])) return false;
  mkdirSync(include, { recursive: true });
  const wheels = mkdtempSync(path.join(unpacked, 'wheels-'));
  try {
    const platform = [
      '--platform',
      'manylinux_2_28_x86_64',
      '--platform',
      'manylinux_2_27_x86_64',
      '--platform',
      'manylinux2014_x86_64',
    ];
    const options = [
      '--no-deps',
      '--only-binary=:all:',
      ...platform,
      '--retries',
      '1',
      '--disable-pip-version-check',
      '-q',
      '-d',
      wheels,
    ];
    const fetched = await run('python3', ['-m', 'pip', 'download', ...options, ...wanted], { output: 'keep' });
    if (fetched.status !== 0) return false;
    for (const wheel of readdirSync(wheels)) {
      const done = await run('python3', ['-c', extract, path.join(wheels, wheel), include], { output: 'keep' });
      if (done.status !== 0) return false;
    }
    return true;
  } finally {
    rmSync(wheels, { recursive: true, force: true });
  }
}

// A wheel is a zip file; headers lie under …/include/.
const extract = `
import os, sys, zipfile
wheel, target = zipfile.ZipFile(sys.argv[1]), sys.argv[2]
for name in wheel.namelist():
    head, found, rest = name.partition('/include/')
    if found and rest and not rest.endswith('/') and '..' not in rest:
        path = os.path.join(target, rest)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, 'wb') as out:
            out.write(wheel.read(name))
`;
