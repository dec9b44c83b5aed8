import { existsSync, readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import path from 'node:path';

export interface Paths {
  /** Records and caches: $RANKWISE_HOME, or the user's data folder. */
  home: string;
  database: string;
  cache: string;
  /** Files that a browser sent: what is imported from there stays there, so it is no cache. */
  uploads: string;
  /** What the user has brought into the library from elsewhere on the disk. */
  library: string;
  addon: string;
}

const root = packageRoot(import.meta.dirname);
const packaged = root.endsWith('.asar');
const bundled = !import.meta.filename.endsWith('.ts');

export function resolvePaths(env: NodeJS.ProcessEnv = process.env): Paths {
  const home = path.resolve(env.RANKWISE_HOME || path.join(dataFolder(env), 'rankwise'));
  return {
    home,
    database: path.join(home, 'rankwise.db'),
    cache: path.join(home, 'cache'),
    uploads: path.join(home, 'uploads'),
    library: path.join(home, 'library.json'),
    addon: addonOf(env),
  };
}

/** Of this program. */
export const programVersion = (JSON.parse(readFileSync(path.join(root, 'package.json'), 'utf8')) as { version: string })
  .version;

/** Texts that come with the program. */
export const bundledTexts = path.join(root, 'data', 'texts');

/** The other side of the benchmark against PyTorch. */
export const torchStepScript = path.join(root, 'scripts', 'bench', 'torch_step.py');

/** The stored sweep of learning rates that `bench methods` compares by. */
export const methodSweep = path.join(root, 'data', 'bench', 'methods.json');

/** The numbered migrations of the records. */
export const migrations = path.join(root, 'main', 'store', 'migrations');

/** The screens as built: index.html and what it loads. */
export const screens = path.join(root, 'out', 'renderer');

/** What runs before the page: in the desktop's sandbox, and in a browser. */
export const preloads = {
  desktop: path.join(root, 'out', 'preload', 'index.cjs'),
  browser: path.join(root, 'out', 'preload', 'browser.cjs'),
};

/** Entry of the engine's own process. */
export const engineEntry = bundled
  ? path.join(root, 'out', 'main', 'engine-process.js')
  : path.join(root, 'main', 'engine', 'engine-process.ts');

/** Entry of a thread that works on data. */
export const dataWorkerEntry = bundled
  ? path.join(root, 'out', 'main', 'data-worker.js')
  : path.join(root, 'main', 'services', 'data-worker.ts');

/** In a package: its folder of native files, and the file inside the archive that tells their hashes. */
export const sealedFiles = packaged
  ? { folder: path.dirname(root), hashes: path.join(root, 'out', 'native-hashes.json') }
  : undefined;

// Source, bundle and package lie at different depths below the package's own package.json.
function packageRoot(from: string): string {
  for (let folder = from; ; folder = path.dirname(folder)) {
    if (existsSync(path.join(folder, 'package.json')) || folder === path.dirname(folder)) return folder;
  }
}

// In a package the addon lies beside the archive: the system cannot load a library from inside. Nothing else is loaded there.
function addonOf(env: NodeJS.ProcessEnv): string {
  if (packaged) return path.join(path.dirname(root), 'engine', 'rankwise_engine.node');
  return env.RANKWISE_ENGINE || path.join(root, 'build', 'native', 'rankwise_engine.node');
}

function dataFolder(env: NodeJS.ProcessEnv): string {
  if (process.platform === 'win32') return env.LOCALAPPDATA || path.join(homedir(), 'AppData', 'Local');
  return env.XDG_DATA_HOME || path.join(homedir(), '.local', 'share');
}
