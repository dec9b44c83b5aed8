import { homedir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

export interface Paths {
  /** Records and caches: $RANKWISE_HOME, or the user's data folder. */
  home: string;
  database: string;
  cache: string;
  addon: string;
}

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..');

export function resolvePaths(env: NodeJS.ProcessEnv = process.env): Paths {
  const home = path.resolve(
    env.RANKWISE_HOME || path.join(env.XDG_DATA_HOME || path.join(homedir(), '.local', 'share'), 'rankwise'),
  );
  return {
    home,
    database: path.join(home, 'rankwise.db'),
    cache: path.join(home, 'cache'),
    addon: env.RANKWISE_ENGINE || path.join(root, 'build', 'native', 'rankwise_engine.node'),
  };
}

/** Texts that come with the program. */
export const bundledTexts = path.join(root, 'data', 'texts');

/** The other side of the benchmark against PyTorch. */
export const torchStepScript = path.join(root, 'scripts', 'bench', 'torch_step.py');

/** The stored sweep of learning rates that `bench methods` compares by. */
export const methodSweep = path.join(root, 'data', 'bench', 'methods.json');
