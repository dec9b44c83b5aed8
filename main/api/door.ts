import type { Api } from '../../preload/contract/api.ts';
import { createApp, type App } from '../app.ts';
import { UtilityHost, type EngineLauncher } from '../engine/utility-host.ts';
import type { Paths } from '../paths.ts';
import type { Desk } from '../services/desk.ts';
import { NoticeHub } from '../services/notices.ts';
import { claimHome } from '../services/run-lock.ts';
import { createApi } from './api.ts';

/** The program as its screens reach it: one at a time over a home folder. */
export interface Door {
  app: App;
  api: Api;
  notices: NoticeHub;
  engine: UtilityHost;
  /** Pauses what trains, closes the records, ends the engine's process. */
  close(): Promise<void>;
}

/** Opens the records and readies the engine's process. Throws E_BUSY while another window or server has the home folder. */
export async function openDoor(paths: Paths, launch: EngineLauncher, desk?: Desk): Promise<Door> {
  const release = await claimHome(paths.home);
  const notices = new NoticeHub();
  const engine = new UtilityHost(launch, (up, reason) => notices.publish({ topic: 'engine', up, reason }));
  const app = createApp(paths, { engine, notices, desk });
  const close = async (): Promise<void> => {
    try {
      await app.close();
      await engine.close();
    } finally {
      release();
    }
  };
  try {
    return { app, api: await createApi(app), notices, engine, close };
  } catch (error) {
    await close();
    throw error;
  }
}
