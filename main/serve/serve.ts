import { existsSync } from 'node:fs';
import path from 'node:path';
import { RankwiseError } from '../../preload/contract/errors.ts';
import { openDoor } from '../api/door.ts';
import { forkEngine } from '../engine/engine-process-fork.ts';
import { engineEntry, preloads, screens, type Paths } from '../paths.ts';
import { startServer } from './server.ts';

export interface ServeOptions {
  /** 0 = any that is free. */
  port: number;
  /** Ends the serving: what trains is paused first. */
  signal: AbortSignal;
  /** Told when the screens can be opened. `mint` makes another address for another browser. */
  onReady: (address: string, mint: () => string) => void;
}

/** Serves the screens to browsers of this machine until the signal is aborted. */
export async function serve(paths: Paths, { port, signal, onReady }: ServeOptions): Promise<void> {
  if (!existsSync(path.join(screens, 'index.html')) || !existsSync(preloads.browser)) {
    throw new RankwiseError('E_SCREENS', 'The screens have not been built.', 'Run: npm run build:app');
  }
  const door = await openDoor(paths, forkEngine(engineEntry, paths.addon));
  try {
    const server = await startServer(
      {
        api: door.api,
        notices: door.notices,
        admit: (file) => door.app.files.admit(file),
        screens,
        bridge: preloads.browser,
        uploads: paths.uploads,
      },
      port,
    );
    onReady(server.mintAddress(), () => server.mintAddress());
    if (!signal.aborted) await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }));
    await server.close();
  } finally {
    await door.close();
  }
}
